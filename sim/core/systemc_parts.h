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

// Cycle numbers and simulated time. Cycles are counted as integers; a time is rounded to femtoseconds only once.
class Clock {
 public:
  explicit Clock(double mhz) : period_fs_(1e9 / mhz) {}
  sc_core::sc_time at(std::uint64_t cycle) const;
  std::uint64_t first_edge(const sc_core::sc_time& time) const;  // the first cycle that begins at or after `time`

 private:
  double period_fs_;
};

// What a transaction carries besides its length.
struct AccessExtension : tlm::tlm_extension<AccessExtension> {
  std::size_t master = 0;
  MemoryAccess access;
  sc_core::sc_time waited;  // set by the memory

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

  // Returns when the memory has served it: the time it had to wait for other masters.
  template <class Socket>
  sc_core::sc_time perform(Socket& socket, const MemoryAccess& access) {
    prepare(access);
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    socket->b_transport(payload_, delay);
    return extension_.waited;
  }

 private:
  void prepare(const MemoryAccess& access);

  tlm::tlm_generic_payload payload_;
  AccessExtension extension_;
};

// Serves one master at a time. A master keeps the memory until its access is done, or until its turn is over and
// another one waits; those who wait are served in turn.
class DramModule : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<DramModule> socket;

  DramModule(sc_core::sc_module_name name, const DramTiming& timing, std::size_t masters);
  const std::vector<MasterCount>& counts() const { return counts_; }

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  void acquire(std::size_t master);
  void release();
  void serve(std::size_t master, std::uint64_t femtoseconds);
  bool somebody_waits() const;

  const DramTiming timing_;
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

class EngineModule : public sc_core::sc_module {
 public:
  tlm_utils::simple_initiator_socket<EngineModule> socket;

  EngineModule(sc_core::sc_module_name name, std::size_t number, const EngineList& list, const Clock& clock);
  void set_peers(const std::vector<std::unique_ptr<EngineModule>>& engines);

  std::size_t finished() const { return finished_; }
  bool done() const { return finished_ == list_.commands.size(); }
  std::vector<CommandTime> take_times() { return std::move(times_); }

 private:
  void work();
  std::uint64_t earliest_start(const TimedCommand& command, CommandTime& time);

  const EngineList& list_;
  const Clock& clock_;
  const std::size_t number_;
  std::vector<const EngineModule*> peers_;
  std::size_t finished_ = 0;
  sc_core::sc_event progress_;
  std::vector<CommandTime> times_;
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
