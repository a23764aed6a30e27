// A MicroPython microcontroller board (Sipeed Maix): no shell and no users, but a console with a REPL, an SPI flash, a
// memory card, a camera and a panel. Its Python runs in the guest sandbox.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "devices/guest/micropython.h"
#include "devices/machine.h"
#include "devices/maix/calls.h"
#include "devices/maix/hardware.h"
#include "devices/maix/repl.h"

namespace vnpu::devices::maix {

class MaixBoard : public Machine {
 public:
  // `options.directory` keeps the flash image ("flash.bin"), the file system ("flash") and the card ("sd"). Throws
  // Error(unsupported) when the guest is not installed, and the errors of camera, displays and directory.
  MaixBoard(MaixData data, const BoardOptions& options);
  ~MaixBoard() override;

  const MaixData& data() const { return data_; }
  const std::string& name() const override { return data_.name; }
  Vfs& files() override { return *files_; }
  Flash& flash() { return *flash_; }
  std::optional<Login> find_user(const std::string& name) override;  // "root" alone, at the start directory
  // Power on. Without a command the streams are the UART; with one, Python source or the path of a file on the board
  // ending in .py runs and the session ends with its status, LF line ends, tracebacks on `err`. One at a time: throws
  // Error(usage) while another session holds the board. Status: 0, 1 after an exception, or SystemExit's.
  std::shared_ptr<Session> start(SessionRequest request, std::function<void(int)> done = {}) override;

  std::string start_directory() const;
  Hardware& hardware() { return hardware_; }

 private:
  class Running;
  class Host;
  class BoardClock : public Clock {
   public:
    explicit BoardClock(MaixBoard& board) : board_(board) {}
    std::uint64_t now_ns() override;
    void spend_ns(std::uint64_t ns) override;
    bool wait_until_ns(std::uint64_t ns) override;
    std::int64_t date_ns() override;
    void start();        // power on
    void end_run();      // the guest's operations of this run become part of the base
    void follow_wall();  // when paced: not behind the host's clock
    void interrupted();  // from any thread: a wait ends
    void clear();
    void stop();

   private:
    MaixBoard& board_;
    std::uint64_t base_ns_ = 0;
    std::int64_t powered_ns_ = 0;  // the host's clock
    std::mutex mutex_;
    std::condition_variable changed_;
    bool interrupted_ = false, stopped_ = false;
  };

  void add_board_calls();
  int power(const SessionRequest& request);
  void print_boot(bool cold);
  std::string banner() const;

  MaixData data_;
  BoardOptions options_;
  MicroPython guest_;
  Console console_;
  BoardClock clock_;
  std::unique_ptr<Vfs> files_;
  std::unique_ptr<Flash> flash_;
  bool has_card_ = true;
  Hardware hardware_;
  CallTable calls_;
  std::atomic<bool> busy_{false};
  std::atomic<std::uint64_t> next_session_{1};
};

// The text of a module of the firmware; null: there is none of that name.
const std::string* firmware_file(const std::string& name);

std::unique_ptr<Flash> open_flash(const MaixData& data, const std::optional<std::filesystem::path>& directory);

}  // namespace vnpu::devices::maix
