#include "devices/maix/board.h"

#include <pthread.h>

#include <chrono>
#include <future>

#include "base/error.h"

namespace vnpu::devices::maix {

namespace {

const Credentials nobody_asks{};

// What one WebAssembly operation of the interpreter stands for on the board's processor: about 0.5 cycles at 400 MHz.
constexpr std::uint64_t operation_ps = 1250;
constexpr std::uint64_t never = ~std::uint64_t{0} >> 2;

constexpr const char* loader = R"(import host
def g():
  s = host.call('boot', '')
  t = s[1:]
  while s[0] == '\x01':
    s = host.call('more', '')
    t += s[1:]
  return t
exec(compile(g(), '/.firmware/boot.py', 'exec'))
)";

constexpr const char* art = R"(
 __  __              _____  __   __  _____   __     __
|  \/  |     /\     |_   _| \ \ / / |  __ \  \ \   / /
| \  / |    /  \      | |    \ V /  | |__) |  \ \_/ /
| |\/| |   / /\ \     | |     > <   |  ___/    \   /
| |  | |  / ____ \   _| |_   / . \  | |         | |
|_|  |_| /_/    \_\ |_____| /_/ \_\ |_|         |_|

Official Site : https://www.sipeed.com
Wiki          : https://wiki.sipeed.com/maixpy

)";

std::int64_t wall_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

// Clock.

std::uint64_t MaixBoard::BoardClock::now_ns() { return base_ns_ + board_.guest_.operations() * operation_ps / 1000; }
void MaixBoard::BoardClock::spend_ns(std::uint64_t ns) { wait_until_ns(now_ns() + ns); }
std::int64_t MaixBoard::BoardClock::date_ns() {
  return board_.options_.start_time_ns.value_or(0) + static_cast<std::int64_t>(now_ns());
}
void MaixBoard::BoardClock::start() {
  const std::scoped_lock lock(mutex_);
  base_ns_ = 0;
  powered_ns_ = wall_ns();
  interrupted_ = stopped_ = false;
}
void MaixBoard::BoardClock::end_run() { base_ns_ = now_ns(); }
void MaixBoard::BoardClock::follow_wall() {
  if (!board_.options_.paced) return;
  const auto wall = static_cast<std::uint64_t>(wall_ns() - powered_ns_);
  if (const std::uint64_t now = now_ns(); now < wall) base_ns_ += wall - now;
}
void MaixBoard::BoardClock::interrupted() {
  const std::scoped_lock lock(mutex_);
  interrupted_ = true;
  changed_.notify_all();
}
void MaixBoard::BoardClock::clear() {
  const std::scoped_lock lock(mutex_);
  interrupted_ = false;
}
void MaixBoard::BoardClock::stop() {
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

bool MaixBoard::BoardClock::wait_until_ns(std::uint64_t ns) {
  std::unique_lock lock(mutex_);
  const auto woken = [&] { return interrupted_ || stopped_; };
  if (ns >= never) {
    changed_.wait(lock, woken);
  } else if (board_.options_.paced) {
    const std::int64_t wait = powered_ns_ + static_cast<std::int64_t>(ns) - wall_ns();
    if (wait > 0) changed_.wait_for(lock, std::chrono::nanoseconds(wait), woken);
  }
  if (stopped_) throw GuestEnd{};
  const bool whole = !std::exchange(interrupted_, false);
  const std::uint64_t now = now_ns();
  if (whole && ns > now) base_ns_ += ns - now;
  return whole;
}

// A powered board as the guest sees it.
class MaixBoard::Host : public GuestHost {
 public:
  Host(MaixBoard& board, const SessionRequest& request)
      : board_(board), repl_(board.console_, board.banner()), command_(request.command), err_(request.err) {
    if (!command_) return;
    const bool file = command_->ends_with(".py") && board.files().stat(nobody_asks, path(*command_));
    job_ = file ? Repl::Job{"file", path(*command_)} : Repl::Job{"exec", *command_};
  }
  Repl& repl() { return repl_; }
  bool left() const { return left_; }  // the session is over, not just a reset
  int status() const { return status_; }

  void output(std::string_view text) override { board_.console_.print(text); }
  std::size_t input(std::span<std::uint8_t> into) override {
    const std::size_t got = board_.console_.read(into);
    if (board_.console_.closed()) throw GuestEnd{};
    board_.clock_.follow_wall();
    return got;
  }
  std::uint64_t now_ns() override { return board_.clock_.now_ns(); }
  void sleep_ns(std::uint64_t ns) override { board_.clock_.wait_until_ns(now_ns() + std::min(ns, never / 2)); }

  std::string call(GuestMemory& memory, std::string_view name, std::string_view payload) override {
    if (name == "boot") return *firmware_file("boot.py");
    if (name == "offer") {
      board_.guest_.offer_interrupt(static_cast<std::uint32_t>(std::stoul("0" + std::string(payload))));
      return "";
    }
    if (name == "ended") {  // a job; what is typed from now on is for the prompt
      board_.console_.want_interrupt(false);
      board_.clock_.clear();
      board_.guest_.clear_interrupt();
      return "";
    }
    CallContext context{board_.hardware_, memory};
    if (name == "job") {
      const auto job = next_job();
      board_.console_.want_interrupt(true);
      return answered(job);
    }
    if (name == "failed") return failed(nlohmann::json::parse(payload));
    if (name == "exit") return exit(nlohmann::json::parse(payload));
    if (name == "reset") throw GuestEnd{};
    return answer(board_.calls_, context, name, payload);
  }

 private:
  static std::string answered(const nlohmann::json& value) {
    return nlohmann::json{{"v", value}}.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  }
  std::string path(const std::string& name) const { return join(board_.start_directory(), name); }

  nlohmann::json next_job() {
    if (command_) {
      if (given_) leave();
      given_ = true;
      return {job_.kind, job_.text};
    }
    try {
      const Repl::Job job = repl_.next();
      board_.clock_.follow_wall();
      return {job.kind, job.text};
    } catch (Repl::Leave leave) {
      left_ = leave == Repl::Leave::end;
      throw GuestEnd{};
    }
  }

  std::string failed(const nlohmann::json& what) {
    if (!command_) {
      repl_.failed(what.at(0).get<std::string>());
    } else {
      board_.console_.flush_line();
      Console complaint;
      complaint.attach(err_, false);
      complaint.print(what.at(0).get<std::string>());
      complaint.detach();
      status_ = what.at(1).get<bool>() ? 130 : 1;
    }
    return answered(nullptr);
  }

  std::string exit(const nlohmann::json& what) {
    if (!command_) throw GuestEnd{};  // a soft reset
    const auto& value = what.at(0);
    status_ = value.is_number_integer() ? static_cast<int>(value.get<std::int64_t>() & 255) : value.is_null() ? 0 : 1;
    leave();
  }

  [[noreturn]] void leave() {
    left_ = true;
    throw GuestEnd{};
  }

  MaixBoard& board_;
  Repl repl_;
  std::optional<std::string> command_;
  std::shared_ptr<Stream> err_;
  Repl::Job job_;
  bool given_ = false, left_ = false;
  int status_ = 0;
};

class MaixBoard::Running : public Session {
 public:
  Running(MaixBoard& board, std::uint64_t id) : board_(board), id_(id), status_(ended_.get_future().share()) {}
  ~Running() override {
    hang_up();
    wait();
    if (main_.joinable()) main_.join();
    if (feed_.joinable()) feed_.join();
  }
  std::uint64_t id() const override { return id_; }
  int wait() override { return status_.get(); }
  bool finished() const override { return status_.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }
  void signal(int number) override {
    if (number == signal_interrupt) {
      const std::uint8_t ctrl_c = 3;
      board_.console_.receive({&ctrl_c, 1});
    } else {
      hang_up();
    }
  }
  void hang_up() override {
    feeding_.request_stop();
    if (finished()) return;
    over_ = true;
    board_.console_.close();
    board_.clock_.stop();
    board_.guest_.stop();
  }

  void run(SessionRequest request, std::function<void(int)> done) {
    auto in = std::move(request.in);
    if (in)
      feed_ = std::jthread([this, in] { feed(*in); });
    else
      board_.console_.end_of_input();
    main_ = thread_with_stack([this, request = std::move(request), done = std::move(done)] {
      int status = 70;
      try {
        status = board_.power(request);
      } catch (const std::exception& error) {
        board_.console_.print(std::string("vnpu: ") + error.what() + "\n");
      }
      board_.console_.detach();
      feeding_.request_stop();
      board_.busy_ = false;
      if (done) done(status);
      ended_.set_value(status);
    });
  }

 private:
  static constexpr int signal_interrupt = 2;

  // std::thread has no say in its stack; the guest's calls need more than the usual one under sanitizers.
  struct Thread {
    pthread_t id{};
    bool started = false;
    bool joinable() const { return started; }
    void join() {
      pthread_join(id, nullptr);
      started = false;
    }
  };
  static Thread thread_with_stack(std::function<void()> body) {
    Thread thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, std::size_t{32} << 20);
    auto held = std::make_unique<std::function<void()>>(std::move(body));
    const int failed = pthread_create(
        &thread.id, &attributes,
        [](void* argument) -> void* {
          const std::unique_ptr<std::function<void()>> body(static_cast<std::function<void()>*>(argument));
          (*body)();
          return nullptr;
        },
        held.get());
    pthread_attr_destroy(&attributes);
    if (failed) throw Error(ErrorKind::internal, "the host gives no more threads");
    (void)held.release();
    thread.started = true;
    return thread;
  }

  void feed(Stream& in) {
    std::uint8_t bytes[4096];
    for (;;) {
      const auto got = in.read(bytes, feeding_.get_token());
      if (!got || *got == 0) break;
      board_.console_.receive({bytes, *got});
    }
    board_.console_.end_of_input();
  }

  MaixBoard& board_;
  std::uint64_t id_;
  std::atomic<bool> over_{false};
  std::promise<int> ended_;
  std::shared_future<int> status_;
  std::stop_source feeding_;
  Thread main_;
  std::jthread feed_;
};

MaixBoard::MaixBoard(MaixData data, const BoardOptions& options)
    : data_(std::move(data)),
      options_(options),
      clock_(*this),
      files_(std::make_unique<Vfs>(MountOptions{}, [this] { return clock_.date_ns(); })),
      flash_(open_flash(data_, options.directory)),
      hardware_(data_, *files_, *flash_, clock_, console_) {
  const auto mount = [&](const char* path, const char* type, std::uint64_t bytes,
                         const std::optional<std::filesystem::path>& directory, bool plain) {
    MountOptions mount;
    mount.type = type;
    mount.bytes = bytes;
    mount.directory = directory;
    mount.plain = plain;
    if (const Errno error = files_->mount(path, mount); error != Errno::ok)
      throw Error(ErrorKind::usage, std::string(path) + ": " + message(error));
  };
  std::optional<std::filesystem::path> flash_folder, card = options_.memory_card;
  const bool plain_card = card.has_value();
  if (options_.directory) {
    flash_folder = *options_.directory / "flash";
    if (!card) card = *options_.directory / "sd";
  }
  mount("/flash", "spiffs", data_.spiffs_bytes, flash_folder, false);
  mount("/sd", "vfat", data_.sd_bytes, card, plain_card);
  if (options_.camera != "none")
    hardware_.camera = std::make_unique<camera::Camera>(
        camera::open_source(options_.camera.empty() ? "pattern" : options_.camera, {30, 1}));
  for (const auto& spec : options_.displays) hardware_.displays.push_back(display::open_sink(spec));
  hardware_.panel.width = data_.lcd_width;
  hardware_.panel.height = data_.lcd_height;
  console_.interrupt = [this] {
    clock_.interrupted();
    guest_.interrupt();
  };
  add_file_calls(calls_);
  add_camera_calls(calls_);
  add_image_calls(calls_);
  add_kpu_calls(calls_);
  add_board_calls();
}

MaixBoard::~MaixBoard() = default;

void Hardware::reset() {
  sensor = {};
  panel = {};
  panel.width = data.lcd_width;
  panel.height = data.lcd_height;
}

std::unique_ptr<Flash> open_flash(const MaixData& data, const std::optional<std::filesystem::path>& directory) {
  std::optional<std::filesystem::path> file;
  if (directory) file = *directory / "flash.bin";
  return std::make_unique<Flash>(data.flash_bytes, data.spiffs_offset, file);
}

std::string MaixBoard::start_directory() const { return has_card_ ? "/sd" : "/flash"; }

std::optional<Login> MaixBoard::find_user(const std::string& name) {
  if (name != "root") return std::nullopt;
  return Login{"root", start_directory(), "", nobody_asks};
}

void MaixBoard::add_board_calls() {
  calls_["start_directory"] = [this](CallContext&, const Arguments&) { return start_directory(); };
  calls_["has_card"] = [this](CallContext&, const Arguments&) { return has_card_; };
  calls_["has_firmware"] = [](CallContext&, const Arguments& a) { return firmware_file(text(a, 0)) != nullptr; };
  calls_["firmware"] = [](CallContext&, const Arguments& a) -> nlohmann::json {
    const std::string* file = firmware_file(text(a, 0));
    if (!file) throw GuestError{"OSError", static_cast<int>(Errno::noent)};
    return *file;
  };
  calls_["sleep"] = [this](CallContext&, const Arguments& a) {
    const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(integer(a, 0), 0));
    clock_.wait_until_ns(clock_.now_ns() + std::min(ns, never / 2));
    return nullptr;
  };
  calls_["uname"] = [this](CallContext&, const Arguments&) -> nlohmann::json {
    return {"MaixPy", "MaixPy", data_.version, data_.version + " on " + data_.date, data_.machine};
  };
  calls_["frequency"] = [this](CallContext&, const Arguments&) -> nlohmann::json {
    return {data_.cpu_hz / 1'000'000, data_.kpu_hz / 1'000'000};
  };
}

std::string MaixBoard::banner() const {
  return "MicroPython " + data_.version + " on " + data_.date + "; " + data_.machine +
         "\r\nType \"help()\" for more information.\r\n";
}

void MaixBoard::print_boot(bool cold) {
  const auto line = [&](const char* format, auto... values) {
    char text[160];
    std::snprintf(text, sizeof text, format, values...);
    console_.print(std::string(text) + "\n");
  };
  using ull = unsigned long long;
  if (cold) {
    console_.print("\n");
    for (int i = 0; i < 3; ++i)
      line("[MAIXPY] Pll%d:freq:%llu", i, static_cast<ull>(data_.pll_hz[static_cast<std::size_t>(i)]));
    line("[MAIXPY] cpu:freq:%llu", static_cast<ull>(data_.cpu_hz));
    line("[MAIXPY] kpu:freq:%llu", static_cast<ull>(data_.kpu_hz));
    line("[MAIXPY] Flash:0x%02x:0x%02x", data_.flash_id[0], data_.flash_id[1]);
  }
  const ull heap = 0x80000000ull + data_.firmware_bytes;
  line("[MaixPy] gc heap=0x%llx-0x%llx(%llu)", heap, static_cast<ull>(heap + data_.gc_heap_bytes),
       static_cast<ull>(data_.gc_heap_bytes));
  line("[MaixPy] init end");
  clock_.spend_ns(200'000'000);
  console_.print(art);
}

int MaixBoard::power(const SessionRequest& request) {
  Host host(*this, request);
  clock_.start();
  for (bool cold = true;; cold = false) {
    hardware_.reset();
    if (!request.command) {
      print_boot(cold);
      std::vector<std::string> always, friendly;
      const auto add = [&](const char* name, std::vector<std::string>& to) {
        const std::string path = join(start_directory(), name);
        if (files_->stat(nobody_asks, path)) to.push_back(path);
      };
      add("boot.py", always);
      add("main.py", friendly);
      host.repl().start(always, friendly);
    }
    const auto end = guest_.run(host, loader, static_cast<std::uint32_t>(data_.gc_heap_bytes + data_.guest_bytes));
    clock_.end_run();
    console_.want_interrupt(false);
    if (host.left() || console_.closed()) return host.status();
    if (end.crashed) console_.print("\n[vnpu] the guest crashed: " + end.why.substr(0, end.why.find('\n')) + "\n");
    if (request.command) return end.crashed ? 139 : host.status();
    if (!end.crashed) console_.print("[MaixPy]: soft reboot\n");
  }
}

std::shared_ptr<Session> MaixBoard::start(SessionRequest request, std::function<void(int)> done) {
  if (busy_.exchange(true)) throw Error(ErrorKind::usage, "the board's console is held by another session");
  console_.attach(request.out ? request.out : null_stream(), !request.command);
  if (!request.err) request.err = request.out ? request.out : null_stream();
  auto session = std::make_shared<Running>(*this, next_session_++);
  session->run(std::move(request), std::move(done));
  return session;
}

}  // namespace vnpu::devices::maix
