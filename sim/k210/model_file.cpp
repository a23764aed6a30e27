#include "sim/k210/model_file.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "sim/k210/describe.h"
#include "sim/k210/listing.h"
#include "sim/k210/network.h"

namespace vnpu::k210 {
namespace {

class KModelFile final : public ModelFile {
 public:
  explicit KModelFile(ByteView file) : model_(std::make_shared<kmodel::Model>(kmodel::read(file))) {}

  std::string family() const override { return "k210"; }
  std::string chip() const override { return "k210"; }
  unsigned programs() const override { return 1; }
  nlohmann::json describe() const override { return k210::describe(*model_); }
  void disassemble(const DisasmOptions& options, const std::function<void(const std::string&)>& line) const override {
    list_model(*model_, options, line);
  }
  std::unique_ptr<Network> instantiate(const NetworkOptions& options) const override {
    return std::make_unique<K210Network>(model_, options);
  }
  Profile profile(const ProfileOptions&) const override {
    throw Error(ErrorKind::unsupported, "there is no time model of the k210 yet");
  }

 private:
  std::shared_ptr<const kmodel::Model> model_;
};

}  // namespace

bool recognises(ByteView file) { return kmodel::identify(file) != kmodel::Format::none; }

std::unique_ptr<ModelFile> open(ByteView file) { return std::make_unique<KModelFile>(file); }

}  // namespace vnpu::k210
