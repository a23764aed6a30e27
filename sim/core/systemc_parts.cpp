#include "sim/core/systemc_parts.h"

#include <algorithm>
#include <cmath>

namespace vnpu::core {
namespace {

sc_core::sc_time femto(std::uint64_t value) { return sc_core::sc_time::from_value(value); }

double nanoseconds(std::uint64_t femtoseconds) { return static_cast<double>(femtoseconds) * 1e-6; }

std::uint64_t now() { return sc_core::sc_time_stamp().value(); }

void wait_until(std::uint64_t time) {
  if (time > now()) sc_core::wait(femto(time - now()));
}

}  // namespace

std::uint64_t Clock::at(std::uint64_t cycle) const {
  return static_cast<std::uint64_t>(static_cast<double>(cycle) * period_fs_ + 0.5);
}

std::uint64_t Clock::first_edge(std::uint64_t time) const {
  auto cycle = static_cast<std::uint64_t>(static_cast<double>(time) / period_fs_);
  while (cycle > 0 && at(cycle - 1) >= time) --cycle;
  while (at(cycle) < time) ++cycle;
  return cycle;
}

Transaction::Transaction(std::size_t master) {
  extension_.master = master;
  payload_.set_extension(&extension_);
}

void Transaction::prepare(const MemoryAccess& access) {
  extension_.access = access;
  extension_.waited = 0;
  payload_.set_command(access.write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
  payload_.set_data_length(static_cast<unsigned>(std::min<std::uint64_t>(access.bytes, 0xFFFFFFFFu)));
  payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
}

DramModule::DramModule(sc_core::sc_module_name name, const DramTiming& timing, std::size_t masters, bool shared)
    : sc_module(name),
      socket("socket"),
      timing_(timing),
      fs_per_byte_(1e6 / timing.bytes_per_ns()),
      shared_(shared),
      waiting_(masters, false),
      counts_(masters) {
  socket.register_b_transport(this, &DramModule::b_transport);
  for (std::size_t i = 0; i < masters; ++i) granted_.push_back(std::make_unique<sc_core::sc_event>());
}

bool DramModule::somebody_waits() const { return std::ranges::find(waiting_, true) != waiting_.end(); }

void DramModule::acquire(std::size_t master) {
  if (!busy_) {
    busy_ = true;
  } else {
    waiting_[master] = true;
    wanted_.notify();
    sc_core::wait(*granted_[master]);
  }
  holder_ = master;
}

void DramModule::release() {
  const std::size_t masters = waiting_.size();
  for (std::size_t step = 1; step <= masters; ++step) {
    const std::size_t next = (holder_ + step) % masters;
    if (!waiting_[next]) continue;
    waiting_[next] = false;
    granted_[next]->notify();
    return;  // busy until the next one has had its turn
  }
  busy_ = false;
}

// The master that holds the memory uses it for so long; between turns it lets others in.
void DramModule::serve(std::size_t master, std::uint64_t left) {
  const auto turn =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::llround(timing_.turn_bytes * fs_per_byte_)));
  while (left > 0) {
    std::uint64_t slice = std::min(turn, left);
    if (somebody_waits()) {
      sc_core::wait(femto(slice));
    } else {
      const std::uint64_t from = now();
      sc_core::wait(femto(left), wanted_);
      const std::uint64_t used = now() - from;
      slice = std::min(left, (used + turn - 1) / turn * turn);  // to the end of the turn that was interrupted
      if (slice > used) sc_core::wait(femto(slice - used));
    }
    left -= slice;
    if (left > 0 && somebody_waits()) {
      release();
      acquire(master);
    }
  }
}

void DramModule::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  auto* extension = payload.get_extension<AccessExtension>();
  const MemoryAccess& access = extension->access;
  const auto busy = static_cast<std::uint64_t>(
      static_cast<double>(access.bytes) * fs_per_byte_ +
      (static_cast<double>(access.runs) * timing_.run_ns + static_cast<double>(access.pages) * timing_.page_ns) * 1e6 +
      0.5);
  if (shared_) {
    if (delay.value() > 0) sc_core::wait(delay);
    delay = sc_core::SC_ZERO_TIME;
    const std::uint64_t from = now();
    acquire(extension->master);
    serve(extension->master, busy);
    release();
    extension->waited = now() - from - busy;
  } else {
    delay += femto(busy);
  }
  MasterCount& count = counts_[extension->master];
  (access.write ? count.written_bytes : count.read_bytes) += access.bytes;
  ++count.accesses;
  count.busy_ns += nanoseconds(busy);
  count.waited_ns += nanoseconds(extension->waited);
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

BusModule::BusModule(sc_core::sc_module_name name)
    : sc_module(name), from_master("from_master"), to_memory("to_memory") {
  from_master.register_b_transport(this, &BusModule::b_transport);
}

void BusModule::b_transport(int, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  to_memory->b_transport(payload, delay);
}

EngineModule::EngineModule(sc_core::sc_module_name name, std::size_t number, const EngineList& list, const Clock& clock)
    : sc_module(name), socket("socket"), list_(list), clock_(clock), number_(number), transaction_(number) {
  times_.reserve(list.commands.size());
  SC_HAS_PROCESS(EngineModule);
  SC_THREAD(work);
}

void EngineModule::set_peers(const std::vector<std::unique_ptr<EngineModule>>& engines) {
  for (const auto& each : engines) peers_.push_back(each.get());
}

void EngineModule::wait_for(EngineModule& peer, std::size_t commands) {
  while (peer.times_.size() < commands) {
    peer.wake_at_ = std::min(peer.wake_at_, commands);
    wait(peer.progress_);
  }
}

std::uint64_t EngineModule::earliest_start(const TimedCommand& command, CommandTime& time) {
  std::uint64_t start = times_.empty() ? 0 : times_.back().end + list_.issue_cycles;
  for (std::size_t e = 0; e < peers_.size(); ++e) {
    const std::uint32_t need = command.after[e];
    if (e == number_ || need == 0) continue;
    wait_for(*peers_[e], need);
    const std::uint64_t after = peers_[e]->times_[need - 1].end + list_.wake_cycles;
    if (after <= start) continue;
    start = after;
    time.held_by = static_cast<std::int8_t>(e);
  }
  return start;
}

void EngineModule::work() {
  for (const TimedCommand& command : list_.commands) {
    CommandTime time;
    time.start = earliest_start(command, time);
    const std::uint64_t begin = time.start + command.start_cycles;
    time.end = begin + command.work_cycles;
    std::uint64_t waited = 0, at = 0;
    for (const MemoryAccess& access : command.access) {
      if (access.bytes == 0) continue;
      if (at == 0) at = clock_.at(begin);
      waited += transaction_.perform(socket, access, at);
      time.end = std::max(time.end, clock_.first_edge(at));
    }
    time.memory_wait_ns = static_cast<std::uint64_t>(nanoseconds(waited) + 0.5);
    times_.push_back(time);
    if (times_.size() < wake_at_) continue;
    wake_at_ = ~std::size_t{0};  // who needs more says so again
    progress_.notify();
  }
  if (!times_.empty()) wait_until(clock_.at(times_.back().end));
  done_ = true;
}

BackgroundModule::BackgroundModule(sc_core::sc_module_name name, std::size_t number, const Background& traffic,
                                   std::function<bool()> over)
    : sc_module(name), socket("socket"), traffic_(traffic), over_(std::move(over)), transaction_(number) {
  SC_HAS_PROCESS(BackgroundModule);
  SC_THREAD(work);
}

void BackgroundModule::work() {
  if (traffic_.bytes_per_us <= 0) return;
  const auto period = static_cast<std::uint64_t>(std::llround(traffic_.burst_bytes / traffic_.bytes_per_us * 1e9));
  for (std::uint64_t n = 1; !over_(); ++n) {
    std::uint64_t at = now();
    transaction_.perform(socket, {traffic_.burst_bytes, 0, 0, traffic_.write}, at);
    wait_until(std::max(at, n * period));
  }
}

}  // namespace vnpu::core
