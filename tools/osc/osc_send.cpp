#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "tools/cli.h"
#include "tools/osc/osc.h"
#include "daemon/osc/osc_arguments.h"

namespace mixgraph {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;
constexpr Milliseconds kQuiet{150};  // after which a list of answers without an end has ended
constexpr char kBarrier[] = "/clock";

bool starts_with_one_of(const std::string& address, std::initializer_list<std::string_view> starts) {
  return std::any_of(starts.begin(), starts.end(),
                     [&](std::string_view s) { return address.starts_with(s); });
}
/// Setting a parameter is not answered when all is well, unlike commands.
bool is_parameter(const std::string& address) {
  return starts_with_one_of(address, {"/mix", "/master", "/in/", "/norm/"});
}
bool is_pattern(const std::string& address) {
  return address.find_first_of("*?[{") != std::string::npos || address.find("//") != std::string::npos;
}
bool ends_answer(const osc::Message& m) {
  return m.address == "/done" || m.address == "/error" || m.address.ends_with("/done");
}

Problems no_answer(const OscOptions& options, const OscLink& link) {
  if (link.failure()) return {*link.failure()};
  return {{options.name(), fmt::format("no answer within {} ms", options.wait_ms),
           "is mixgraphd running, with this --port?"}};
}

/// Prints answers until one ends them, there is quiet after some, or it has taken too long.
class Answers {
 public:
  Answers(const OscOptions& options, OscLink& link, std::string barrier)
      : options_(options), link_(link), barrier_(std::move(barrier)) {}

  int print() {
    const auto deadline = Clock::now() + Milliseconds(options_.wait_ms);
    for (bool more = true; more;) {
      const auto left = std::chrono::duration_cast<Milliseconds>(deadline - Clock::now());
      const auto message = link_.receive(count_ ? std::min(left, kQuiet) : left);
      if (!message) break;
      more = take(*message);
    }
    if (refused_) return kFailed;
    return count_ ? kDone : print_problems(no_answer(options_, link_), kFailed);
  }

 private:
  /// Whether there may be more.
  bool take(const osc::Message& message) {
    count_++;
    refused_ |= message.address == "/error";
    if (message.address == barrier_) return false;
    const bool last =
        barrier_.empty() &&
        (ends_answer(message) || (message.address == options_.address && !is_pattern(options_.address)));
    if (!(options_.bare && message.address == "/done")) print_message(message, options_.bare);
    return !last;
  }

  const OscOptions& options_;
  OscLink& link_;
  std::string barrier_;  // an answer that comes after all others
  int count_ = 0;
  bool refused_ = false;
};

int exchange(const OscOptions& options, bool with_barrier) {
  auto arguments = parse_arguments(options.values);
  if (!arguments) return print_problems(arguments.problems(), kUsage);
  if (!options.address.starts_with('/'))
    return print_problems({{options.address, "not an OSC address", "it begins with a slash"}}, kUsage);
  auto link = OscLink::open(options);
  if (!link) return print_problems(link.problems(), kFailed);
  (*link)->send({options.address, std::move(*arguments)});
  if (with_barrier) (*link)->send({kBarrier, {}});
  if (options.wait_ms == 0)
    return (*link)->failure() ? print_problems({*(*link)->failure()}, kFailed) : int(kDone);
  return Answers(options, **link, with_barrier ? kBarrier : "").print();
}

}  // namespace

void print_message(const osc::Message& message, bool bare) {
  if (message.address == "/error") {
    Problem problem;
    std::array<std::string*, 3> texts{&problem.where, &problem.what, &problem.hint};
    for (size_t i = 0; i < std::min(texts.size(), message.arguments.size()); i++)
      *texts[i] = osc::escape(value_text(message.arguments[i]));
    print_problems({problem}, kFailed);
    return;
  }
  std::string line;
  for (const osc::Argument& a : message.arguments)
    line += (line.empty() ? "" : " ") + osc::escape(value_text(a));
  fmt::print("{}\n", bare ? line : osc::describe(message));
  std::fflush(stdout);
}

int osc_send(const OscOptions& options) {
  return exchange(options, is_parameter(options.address) && !options.values.empty() && options.wait_ms > 0);
}
int osc_get(const OscOptions& options) {
  return exchange(options, false);
}

}  // namespace mixgraph
