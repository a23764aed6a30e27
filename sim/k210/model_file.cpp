#include "sim/k210/model_file.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "models/kmodel/kfpkg.h"
#include "sim/k210/describe.h"
#include "sim/k210/listing.h"
#include "sim/k210/network.h"
#include "sim/k210/timing/profile.h"

namespace vnpu::k210 {
namespace {

class KModelFile final : public ModelFile {
 public:
  explicit KModelFile(kmodel::Model model) : model_(std::make_shared<kmodel::Model>(std::move(model))) {}

  std::string family() const override { return "k210"; }
  std::string chip() const override { return "k210"; }
  unsigned programs() const override { return 1; }
  nlohmann::json describe() const override { return k210::describe(*model_); }
  void disassemble(const DisasmOptions& options, const std::function<void(const std::string&)>& line) const override {
    list_model(*model_, options, line);
  }
  std::unique_ptr<Network> instantiate(const NetworkOptions& options) const override {
    if (model_->word_swapped) throw Error(ErrorKind::unsupported, 0, "identifier", word_swapped_text);
    return std::make_unique<K210Network>(model_, options);
  }
  Profile profile(const ProfileOptions& options) const override { return profile_model(*model_, options); }

 private:
  std::shared_ptr<const kmodel::Model> model_;
};

// The one kmodel among the files of a package.
Bytes only_model(std::vector<kmodel::FlashFile> files) {
  std::string names;
  std::size_t found = 0;
  Bytes bytes;
  for (auto& file : files) {
    if (kmodel::identify(file.bytes) == kmodel::Format::none) continue;
    names += (found++ == 0 ? "" : ", ") + file.name;
    bytes = std::move(file.bytes);
  }
  if (found == 0) throw Error(ErrorKind::damaged, "there is no kmodel among the package's files");
  if (found > 1)
    throw Error(ErrorKind::unsupported, "the package holds " + std::to_string(found) + " kmodels: " + names);
  return bytes;
}

}  // namespace

bool recognises(ByteView file) {
  return kmodel::identify(file) != kmodel::Format::none || kmodel::looks_like_kfpkg(file);
}

std::unique_ptr<ModelFile> open(ByteView file) {
  if (!kmodel::looks_like_kfpkg(file)) return std::make_unique<KModelFile>(kmodel::read(file));
  const auto bytes = only_model(kmodel::read_kfpkg(file));
  try {
    auto model = kmodel::read(bytes);
    model.word_swapped = false;  // the form it has in flash; the board's loader turns it back, too
    return std::make_unique<KModelFile>(std::move(model));
  } catch (const Error& error) {
    throw with_context(error, "the package's kmodel");
  }
}

}  // namespace vnpu::k210
