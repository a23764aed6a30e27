#include "host/ssh/server.h"

#include <fcntl.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <charconv>
#include <csignal>
#include <list>
#include <mutex>
#include <thread>

#include "base/error.h"

namespace vnpu::ssh {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

void parse_listen(const std::string& text, std::uint16_t otherwise, std::string& address, std::uint16_t& port) {
  const std::size_t bracket = text.find(']');
  const std::size_t colon = text.rfind(':');
  const bool has_port = colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
  address = text.substr(0, has_port ? colon : std::string::npos);
  if (bracket != std::string::npos && address.size() >= 2 && address.front() == '[' && address.back() == ']')
    address = address.substr(1, address.size() - 2);
  if (address.empty()) address = "127.0.0.1";
  port = otherwise;
  if (has_port) {
    const char* first = text.data() + colon + 1;
    const char* last = text.data() + text.size();
    const auto [end, failed] = std::from_chars(first, last, port);
    if (failed != std::errc() || end != last || first == last)
      throw Error(ErrorKind::usage, "'" + text + "' is not ADDRESS:PORT");
  }
  if (address == "localhost") address = "127.0.0.1";
  error_code error;
  asio::ip::make_address(address, error);
  if (error) throw Error(ErrorKind::usage, "'" + address + "' is not an IP address; write ADDRESS:PORT");
}

bool is_loopback(const std::string& address) { return asio::ip::make_address(address).is_loopback(); }

class Server::Impl {
 public:
  Impl(const ServerOptions& options, const HostKey& key, Services& services, Log log)
      : options_(options), services_(services), log_(std::move(log)), bind_(ssh_bind_new()) {
    if (!bind_) throw Error(ErrorKind::fault, "libssh: no server");
    const bool own_settings_only = false;
    ssh_key copy = ssh_key_dup(key.get());  // the bind owns it
    if (ssh_bind_options_set(bind_.get(), SSH_BIND_OPTIONS_PROCESS_CONFIG, &own_settings_only) != SSH_OK ||
        ssh_bind_options_set(bind_.get(), SSH_BIND_OPTIONS_IMPORT_KEY, copy) != SSH_OK ||
        ssh_bind_options_set(bind_.get(), SSH_BIND_OPTIONS_BANNER, options_.banner.c_str()) != SSH_OK)
      throw Error(ErrorKind::fault, std::string("libssh: ") + ssh_get_error(bind_.get()));
    try {
      const tcp::endpoint endpoint(asio::ip::make_address(options_.address), options_.port);
      acceptor_.open(endpoint.protocol());
      acceptor_.set_option(tcp::acceptor::reuse_address(true));
      acceptor_.bind(endpoint);
      acceptor_.listen();
    } catch (const boost::system::system_error& error) {
      throw Error(ErrorKind::usage, "cannot listen on " + options_.address + " port " + std::to_string(options_.port) +
                                        ": " + error.code().message());
    }
    accept();
  }

  ~Impl() { end_all(); }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  void run(bool signals) {
    asio::signal_set set(context_);
    if (signals) {
      set.add(SIGINT);
      set.add(SIGTERM);
      set.async_wait([this](const error_code& error, int) {
        if (!error) context_.stop();
      });
    }
    context_.run();
    set.clear();  // a second signal, while programs take their time to end, has its usual effect
    end_all();
  }

  void stop() { context_.stop(); }

  std::size_t connections() const {
    const std::lock_guard lock(mutex_);
    return clients_.size();
  }

 private:
  struct Client {
    std::unique_ptr<Connection> connection;
    std::thread thread;
  };
  using Place = std::list<Client>::iterator;
  struct FreeBind {
    void operator()(ssh_bind bind) const { ssh_bind_free(bind); }
  };

  void accept() {
    acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) {
        // Most likely no descriptors are left: others will close theirs.
        log_("accept: " + error.message());
        pause_.expires_after(std::chrono::milliseconds(100));
        pause_.async_wait([this](const error_code& cancelled) {
          if (!cancelled) accept();
        });
        return;
      }
      try {
        admit(std::move(socket));
      } catch (const std::exception& failure) {
        log_(std::string("connection refused: ") + failure.what());
      }
      accept();
    });
  }

  void admit(tcp::socket socket) {
    error_code ignored;
    const auto peer = socket.remote_endpoint(ignored);
    const std::string name = "#" + std::to_string(++counted_) + " " + peer.address().to_string(ignored) + ":" +
                             std::to_string(peer.port()) + " ";
    if (connections() >= options_.limits.connections) {
      log_(name + "refused: too many connections");
      return;
    }
    socket.set_option(tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    socket.native_non_blocking(true, ignored);
    ssh_session session = ssh_new();
    if (!session) throw Error(ErrorKind::fault, "libssh: no session");
    const int fd = socket.release();
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (ssh_bind_accept_fd(bind_.get(), session, fd) != SSH_OK) {
      const std::string why = ssh_get_error(bind_.get());
      ssh_free(session);
      throw Error(ErrorKind::fault, "libssh: " + why);
    }
    auto connection = std::make_unique<Connection>(session, services_, options_.limits,
                                                   [this, name](const std::string& text) { log_(name + text); });
    const std::lock_guard lock(mutex_);
    clients_.emplace_back();
    const Place place = std::prev(clients_.end());
    place->connection = std::move(connection);
    place->thread = std::thread([this, place] { serve(place); });
  }

  // The connection's own thread also takes it down: its programs may need a while to end.
  void serve(Place place) {
    try {
      place->connection->run();
    } catch (const std::exception& error) {
      log_(std::string("connection lost: ") + error.what());
    }
    std::unique_ptr<Connection> over;
    {
      const std::lock_guard lock(mutex_);
      over = std::move(place->connection);
    }
    over.reset();
    asio::post(context_, [this, place] {
      std::list<Client> finished;
      {
        const std::lock_guard lock(mutex_);
        finished.splice(finished.begin(), clients_, place);
      }
      finished.front().thread.join();
    });
  }

  // Nothing else adds or removes clients then: the context has stopped.
  void end_all() {
    error_code ignored;
    acceptor_.close(ignored);
    {
      const std::lock_guard lock(mutex_);
      for (auto& client : clients_)
        if (client.connection) client.connection->stop();
    }
    for (auto& client : clients_) client.thread.join();
    const std::lock_guard lock(mutex_);
    clients_.clear();
  }

  const ServerOptions options_;
  Services& services_;
  Log log_;
  std::unique_ptr<ssh_bind_struct, FreeBind> bind_;
  asio::io_context context_{1};
  tcp::acceptor acceptor_{context_};
  asio::steady_timer pause_{context_};
  mutable std::mutex mutex_;
  std::list<Client> clients_;
  std::uint64_t counted_ = 0;
};

Server::Server(const ServerOptions& options, const HostKey& key, Services& services, Log log)
    : impl_(std::make_unique<Impl>(options, key, services, std::move(log))) {}

Server::~Server() = default;

std::uint16_t Server::port() const { return impl_->port(); }
void Server::run(bool signals) { impl_->run(signals); }
void Server::stop() { impl_->stop(); }
std::size_t Server::connections() const { return impl_->connections(); }

}  // namespace vnpu::ssh
