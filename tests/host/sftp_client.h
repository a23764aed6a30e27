// A client for tests: builds SFTP requests and takes the replies apart.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "host/ssh/sftp_server.h"

namespace vnpu::ssh::test {

struct Reply {
  sftp::Type type = sftp::Type::status;
  std::uint32_t id = 0;
  sftp::Bytes body;

  std::uint32_t code() const { return sftp::Reader(body).u32("code"); }  // of STATUS
  std::string text() const { return sftp::Reader(body).text("text", 1 << 20); }
  std::uint64_t size() const { return sftp::Reader(body).attributes().size.value(); }  // of ATTRS
  sftp::Attributes attributes() const { return sftp::Reader(body).attributes(); }
  std::string first_name() const {  // of NAME
    sftp::Reader in(body);
    in.u32("count");
    return in.text("name");
  }
};

class Client {
 public:
  explicit Client(SftpServer& server) : server_(server) {}

  Reply send(sftp::Type type, const std::function<void(sftp::Writer&)>& fill, bool with_id = true) {
    sftp::Bytes packet;
    sftp::Writer writer(packet, type);
    if (with_id) writer.u32(++id_);
    fill(writer);
    writer.finish();
    return raw(sftp::ByteSpan(packet).subspan(4));
  }
  Reply raw(sftp::ByteSpan packet) {
    sftp::Bytes out;
    server_.handle(packet, out);
    sftp::Framer framer;
    framer.feed(out);
    const auto answer = framer.next();
    EXPECT_TRUE(answer);
    if (!answer) return {};
    EXPECT_EQ(framer.buffered(), 0u) << "one request, one reply";
    sftp::Reader in(*answer);
    Reply reply;
    reply.type = static_cast<sftp::Type>(in.u8("type"));
    reply.id = in.u32("id");
    reply.body.assign(in.rest().begin(), in.rest().end());
    return reply;
  }
  Reply init() {
    return send(
        sftp::Type::init, [](sftp::Writer& w) { w.u32(3); }, false);
  }
  Reply path(sftp::Type type, const std::string& path) {
    return send(type, [&](sftp::Writer& w) { w.text(path); });
  }
  Reply paths(sftp::Type type, const std::string& first, const std::string& second) {
    return send(type, [&](sftp::Writer& w) { w.text(first).text(second); });
  }
  Reply extended(const std::string& name, const std::function<void(sftp::Writer&)>& fill) {
    return send(sftp::Type::extended, [&](sftp::Writer& w) {
      w.text(name);
      fill(w);
    });
  }
  Reply open(const std::string& path, std::uint32_t flags, const sftp::Attributes& attributes = {}) {
    return send(sftp::Type::open, [&](sftp::Writer& w) { w.text(path).u32(flags).attributes(attributes); });
  }
  Reply write(const std::string& handle, std::uint64_t offset, const std::string& text) {
    return send(sftp::Type::write, [&](sftp::Writer& w) { w.text(handle).u64(offset).text(text); });
  }
  Reply read(const std::string& handle, std::uint64_t offset, std::uint32_t length) {
    return send(sftp::Type::read, [&](sftp::Writer& w) { w.text(handle).u64(offset).u32(length); });
  }
  Reply set(sftp::Type type, const std::string& what, const sftp::Attributes& attributes) {
    return send(type, [&](sftp::Writer& w) { w.text(what).attributes(attributes); });
  }
  // A whole file at once; the last status.
  std::uint32_t put(const std::string& path, const std::string& text) {
    const Reply opened = open(path, sftp::open_write | sftp::open_create | sftp::open_truncate);
    if (opened.type != sftp::Type::handle) return opened.code();
    const std::uint32_t code = write(opened.text(), 0, text).code();
    this->path(sftp::Type::close, opened.text());
    return code;
  }

 private:
  SftpServer& server_;
  std::uint32_t id_ = 0;
};

}  // namespace vnpu::ssh::test
