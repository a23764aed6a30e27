// The SystemC modules behind sim/core/timeline.h. Include only where the SystemC flags are set (sim/core).
#pragma once

#include <functional>
#include <memory>
#include <systemc>
#include <vector>

#include <tlm_utils/multi_passthrough_target_socket.h>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>
#include <tlm>

#include "sim/core/timeline.h"

namespace vnpu::core {

// Cycle numbers and simulated time in femtoseconds. Cycles are counted as integers; a time is rounded only once.
class Clock {
 public:
  explicit Clock(double mhz) : period_fs_(1e9 / mhz) {}
  std::uint64_t at(std::uint64_t cycle) const;
  std::uint64_t first_edge(std::uint64_t time) const;  // the first cycle that begins at or after `time`

 private:
  double period_fs_;
};

// What a transaction carries besides its length.
struct AccessExtension : tlm::tlm_extension<AccessExtension> {
  std::size_t master = 0;
  MemoryAccess access;
  std::uint64_t waited = 0;  // femtoseconds; set by the memory

  tlm_extension_base* clone() const override { return new AccessExtension(*this); }
  void copy_from(const tlm_extension_base& other) override { *this = static_cast<const AccessExtension&>(other); }
};

// A transaction that a master can use again and again.
class Transaction {
 public:
  explicit Transaction(std::size_t master);
  ~Transaction() { payload_.clear_extension(&extension_); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // An access from `time` on, which may lie ahead of the simulated time (TLM's temporal decoupling): moves `time` to
  // its end and returns how long it had to wait for other masters. Femtoseconds.
  template <class Socket>
  std::uint64_t perform(Socket& socket, const MemoryAccess& access, std::uint64_t& time) {
    prepare(access);
    const std::uint64_t now = sc_core::sc_time_stamp().value();
    sc_core::sc_time delay = sc_core::sc_time::from_value(time > now ? time - now : 0);
    socket->b_transport(payload_, delay);
    time = sc_core::sc_time_stamp().value() + delay.value();
    return extension_.waited;
  }

 private:
  void prepare(const MemoryAccess& access);

  tlm::tlm_generic_payload payload_;
  AccessExtension extension_;
};

// Serves one master at a time. A master keeps the memory until its access is done, or until its turn is over and
// another one waits; those who wait are served in turn. While only one master can ask (`shared` is false) nothing has
// to be decided, and accesses ahead of the simulated time are answered at once.
class DramModule : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<DramModule> socket;

  DramModule(sc_core::sc_module_name name, const DramTiming& timing, std::size_t masters, bool shared);
  const std::vector<MasterCount>& counts() const { return counts_; }

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  void acquire(std::size_t master);
  void release();
  void serve(std::size_t master, std::uint64_t femtoseconds);
  bool somebody_waits() const;

  const DramTiming timing_;
  const double fs_per_byte_;
  const bool shared_;
  bool busy_ = false;
  std::size_t holder_ = 0;
  std::vector<bool> waiting_;
  std::vector<std::unique_ptr<sc_core::sc_event>> granted_;
  sc_core::sc_event wanted_;
  std::vector<MasterCount> counts_;
};

// Several masters, one memory: hands transactions on; the memory decides whose turn it is.
class BusModule : public sc_core::sc_module {
 public:
  tlm_utils::multi_passthrough_target_socket<BusModule> from_master;
  tlm_utils::simple_initiator_socket<BusModule> to_memory;

  explicit BusModule(sc_core::sc_module_name name);

 private:
  void b_transport(int, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
};

// Runs its list ahead of the simulated time as far as the other engines' known times and the memory let it.
class EngineModule : public sc_core::sc_module {
 public:
  tlm_utils::simple_initiator_socket<EngineModule> socket;

  EngineModule(sc_core::sc_module_name name, std::size_t number, const EngineList& list, const Clock& clock);
  void set_peers(const std::vector<std::unique_ptr<EngineModule>>& engines);

  bool done() const { return done_; }  // and the simulated time has reached the end of its list
  std::vector<CommandTime> take_times() { return std::move(times_); }

 private:
  void work();
  std::uint64_t earliest_start(const TimedCommand& command, CommandTime& time);
  void wait_for(EngineModule& peer, std::size_t commands);

  const EngineList& list_;
  const Clock& clock_;
  const std::size_t number_;
  std::vector<EngineModule*> peers_;
  bool done_ = false;
  std::vector<CommandTime> times_;         // of the commands whose times are known
  std::size_t wake_at_ = ~std::size_t{0};  // as soon as so many are known, somebody wants to hear of it
  sc_core::sc_event progress_;
  Transaction transaction_;
};

class BackgroundModule : public sc_core::sc_module {
 public:
  tlm_utils::simple_initiator_socket<BackgroundModule> socket;

  BackgroundModule(sc_core::sc_module_name name, std::size_t number, const Background& traffic,
                   std::function<bool()> over);

 private:
  void work();

  const Background traffic_;
  const std::function<bool()> over_;
  Transaction transaction_;
};

}  // namespace vnpu::core
