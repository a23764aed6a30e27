#include "sim/runtime/verify.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "base/archive.h"
#include "base/error.h"
#include "sim/runtime/case_set.h"
#include "sim/runtime/registry.h"

namespace vnpu {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t max_file = std::uint64_t{1} << 30;
constexpr std::size_t checks_a_task = 64;

// Position of a result: path, file in its tree, case in the file.
using Order = std::vector<std::size_t>;

struct Task {
  Order order;
  std::function<void()> run;
};

class Verifier {
 public:
  Verifier(const VerifyOptions& options, const std::function<void(const CaseResult&, const VerifyProgress&)>& on_result)
      : options_(options), on_result_(on_result) {}

  VerifyReport run(const std::vector<fs::path>& paths) {
    for (std::size_t i = paths.size(); i-- > 0;) {
      push({{i}, [this, path = paths[i], i] { open_path(path, {i}); }});
    }
    const unsigned count = options_.threads ? options_.threads : std::max(1U, std::thread::hardware_concurrency());
    {
      std::vector<std::jthread> threads;
      for (unsigned i = 1; i < count; ++i) threads.emplace_back([this] { work(); });
      work();
    }
    if (failure_) std::rethrow_exception(failure_);
    std::ranges::stable_sort(results_, {}, &Placed::order);
    VerifyReport report;
    for (auto& [order, result] : results_) {
      report.passed += result.verdict == Verdict::passed;
      report.failed += result.verdict == Verdict::failed;
      report.skipped += result.verdict == Verdict::skipped;
      report.results.push_back(std::move(result));
    }
    return report;
  }

 private:
  struct Placed {
    Order order;
    CaseResult result;
  };

  // Last in, first out: the cases of an archive are done before the next archive is unpacked.
  void push(Task task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    ready_.notify_one();
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ready_.wait(lock, [this] { return !tasks_.empty() || busy_ == 0 || failure_; });
      if (tasks_.empty() || failure_) break;
      auto task = std::move(tasks_.back());
      tasks_.pop_back();
      ++busy_;
      lock.unlock();
      try {
        task.run();
      } catch (...) {
        const std::lock_guard guard(mutex_);
        if (!failure_) failure_ = std::current_exception();
      }
      task.run = nullptr;  // frees the case's files outside of the lock
      lock.lock();
      if (--busy_ == 0 && tasks_.empty()) ready_.notify_all();
    }
    ready_.notify_all();
  }

  void expect(std::size_t count) {
    const std::lock_guard lock(mutex_);
    progress_.known += count;
  }

  void add(const Order& order, CaseResult result) {
    const std::lock_guard lock(mutex_);
    ++progress_.done;
    if (on_result_) on_result_(result, progress_);
    results_.push_back({order, std::move(result)});
  }

  void add_failure(const Order& order, const std::string& name, const std::string& message) {
    expect(1);
    add(order, {name, Verdict::failed, message, 0, 0, 0, 0});
  }

  bool wanted(const std::string& name) const { return name.find(options_.filter) != std::string::npos; }

  void push_case(const Order& order, CaseFiles files) {
    if (!wanted(files.name())) return;
    expect(1);
    push({order, [this, order, shared = std::make_shared<CaseFiles>(std::move(files))] {
            add(order, run_case(*shared, options_.network));
          }});
  }

  void push_set(const Order& order, CaseFiles files) {
    push({order, [this, order, files = std::move(files)] {
            try {
              const auto set = open_set(files);
              for (std::size_t i = 0; i < set->size(); ++i) {
                if (!wanted(set->name(i))) continue;
                expect(1);
                auto inner = order;
                inner.push_back(i);
                add(inner, set->run(i, options_.network));
              }
            } catch (const Error& error) {
              add_failure(order, files.name(), std::string(name(error.kind())) + " error: " + error.what());
            }
          }});
  }

  void open_path(const fs::path& path, const Order& order) {
    try {
      const std::size_t found = fs::is_directory(path) ? open_folder(path, order) : open_file(path, order, true);
      if (found == 0) add_failure(order, path.string(), "usage error: nothing to verify in it");
    } catch (const Error& error) {
      add_failure(order, path.string(), std::string(name(error.kind())) + " error: " + error.what());
    } catch (const fs::filesystem_error& error) {
      add_failure(order, path.string(), std::string("damaged error: ") + error.what());
    }
  }

  // How many cases or files with checks were found; deeper folders first by name.
  std::size_t open_folder(const fs::path& folder, const Order& order) {
    std::vector<fs::path> entries;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.is_symlink() && entry.is_directory()) continue;  // no endless trees
      entries.push_back(entry.path());
    }
    std::ranges::sort(entries);
    if (std::ranges::any_of(entries, [](const auto& entry) { return is_case_file(entry.filename().string()); })) {
      push_case(order, CaseFiles(case_name(fs::absolute(folder).lexically_normal()), folder));
      return 1;
    }
    if (std::ranges::any_of(entries, [](const auto& entry) { return is_set_file(entry.filename().string()); })) {
      push_set(order, CaseFiles(set_name(fs::absolute(folder).lexically_normal()), folder));
      return 1;
    }
    std::size_t found = 0;
    for (std::size_t i = entries.size(); i-- > 0;) {
      auto inner = order;
      inner.push_back(i);
      if (fs::is_directory(entries[i])) {
        found += open_folder(entries[i], inner);
      } else if (may_hold_cases(entries[i])) {
        ++found;
        push({inner, [this, path = entries[i], inner] {
                try {
                  open_file(path, inner, false);
                } catch (const Error& error) {
                  add_failure(inner, path.string(), std::string(name(error.kind())) + " error: " + error.what());
                }
              }});
      }
    }
    return found;
  }

  static bool may_hold_cases(const fs::path& path) {
    const auto text = path.filename().string();
    return std::ranges::any_of(std::initializer_list<const char*>{".tar", ".tar.gz", ".tgz", ".tar.xz", ".bin.xz"},
                               [&](const char* ending) { return text.ends_with(ending); });
  }

  // "a/b/conv/conv-0" -> "conv/conv-0"
  static std::string case_name(const fs::path& folder) {
    const auto clean = folder.has_filename() ? folder : folder.parent_path();
    const auto parent = clean.parent_path().filename().string();
    return parent.empty() ? clean.filename().string() : parent + "/" + clean.filename().string();
  }

  // "a/b/errors" -> "errors"
  static std::string set_name(const fs::path& folder) {
    return (folder.has_filename() ? folder : folder.parent_path()).filename().string();
  }

  std::size_t open_file(const fs::path& path, const Order& order, bool by_name) {
    auto bytes = read_file(path, max_file);
    const auto text = path.filename().string();
    if (text.ends_with(".tar") || text.ends_with(".tar.gz") || text.ends_with(".tgz") || text.ends_with(".tar.xz")) {
      return open_archive(bytes, order);
    }
    if (is_xz(bytes) || is_gzip(bytes)) bytes = decompress(bytes);
    if (auto checks = open_checks(bytes)) {
      push_checks(std::shared_ptr<const CheckFile>(std::move(checks)), text.substr(0, text.find('.')), order);
      return 1;
    }
    if (by_name) throw Error(ErrorKind::usage, "neither a case folder, nor an archive of cases, nor a check file");
    return 0;
  }

  std::size_t open_archive(const Bytes& archive, const Order& order) {
    std::map<fs::path, std::map<std::string, Bytes>> folders;
    for_each_entry(archive, ArchiveFormat::tar, {}, [&](const std::string& path, Bytes bytes) {
      const fs::path entry = fs::path(path).lexically_normal();
      folders[entry.parent_path()].insert_or_assign(entry.filename().string(), std::move(bytes));
    });
    std::size_t found = 0;
    for (auto at = folders.rbegin(); at != folders.rend(); ++at) {
      const fs::path& folder = at->first;
      auto& files = at->second;
      const auto has = [&](bool (*is)(const std::string&)) {
        return std::ranges::any_of(files, [is](const auto& file) { return is(file.first); });
      };
      if (!has(is_case_file) && !has(is_set_file)) continue;
      auto inner = order;
      inner.push_back(folders.size() - found);
      if (has(is_case_file)) {
        push_case(inner, CaseFiles(case_name(folder), std::move(files)));
      } else {
        push_set(inner, CaseFiles(set_name(folder), std::move(files)));
      }
      ++found;
    }
    return found;
  }

  void push_checks(const std::shared_ptr<const CheckFile>& checks, const std::string& file, const Order& order) {
    for (std::size_t first = 0; first < checks->size(); first += checks_a_task) {
      const auto last = std::min(first + checks_a_task, checks->size());
      push({order, [this, checks, file, order, first, last] {
              for (auto i = first; i < last; ++i) run_check(*checks, i, file, order);
            }});
    }
  }

  void run_check(const CheckFile& checks, std::size_t i, const std::string& file, Order order) {
    CaseResult result;
    result.name = file + "/" + checks.name(i);
    if (!wanted(result.name)) return;
    expect(1);
    order.push_back(i);
    if (result.message = checks.skip(i); !result.message.empty()) {
      result.verdict = Verdict::skipped;
      return add(order, std::move(result));
    }
    const auto start = std::chrono::steady_clock::now();
    try {
      result.message = checks.run(i, options_.network);
    } catch (const Error& error) {
      result.message = std::string(name(error.kind())) + " error: " + error.what();
    }
    if (!result.message.empty()) result.verdict = Verdict::failed;
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    add(order, std::move(result));
  }

  const VerifyOptions& options_;
  const std::function<void(const CaseResult&, const VerifyProgress&)>& on_result_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::vector<Task> tasks_;
  std::size_t busy_ = 0;
  std::exception_ptr failure_;
  VerifyProgress progress_;
  std::vector<Placed> results_;
};

}  // namespace

std::string VerifyReport::summary() const {
  return std::to_string(passed) + " passed, " + std::to_string(failed) + " failed, " + std::to_string(skipped) +
         " skipped";
}

std::vector<JunitCase> VerifyReport::junit() const {
  std::vector<JunitCase> out;
  for (const auto& result : results) {
    const auto slash = result.name.rfind('/');
    const bool nested = slash != std::string::npos;
    out.push_back({nested ? result.name.substr(0, slash) : "vnpu", nested ? result.name.substr(slash + 1) : result.name,
                   result.verdict == Verdict::passed    ? JunitCase::State::passed
                   : result.verdict == Verdict::skipped ? JunitCase::State::skipped
                                                        : JunitCase::State::failed,
                   result.message, result.seconds});
  }
  return out;
}

VerifyReport verify(const std::vector<fs::path>& paths, const VerifyOptions& options,
                    const std::function<void(const CaseResult&, const VerifyProgress&)>& on_result) {
  return Verifier(options, on_result).run(paths);
}

}  // namespace vnpu
