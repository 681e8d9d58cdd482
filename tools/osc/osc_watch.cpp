#include <csignal>

#include "tools/cli.h"
#include "tools/osc/osc.h"

namespace mixgraph {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;
constexpr Milliseconds kRenewal{3000}, kPatience{2000}, kStep{200};

volatile std::sig_atomic_t interrupted = 0;
void interrupt(int) {
  interrupted = 1;
}

/// Subscriptions to a daemon, from the first request to the last message.
class Watch {
 public:
  Watch(const OscOptions& options, OscLink& link) : options_(options), link_(link) {}

  int run() {
    subscribe();
    const auto start = Clock::now();
    auto renewed = start;
    while (!interrupted && !refused_ && !is_complete(start)) {
      if (const auto message = link_.receive(kStep)) take(*message);
      if (link_.failure()) return print_problems({*link_.failure()}, kFailed);
      if (!answered_ && Clock::now() - start > kPatience)
        return print_problems({{options_.name(), "no answer", "is mixgraphd running, with this --port?"}},
                              kFailed);
      if (Clock::now() - renewed < kRenewal) continue;
      link_.send({"/renew", {}});
      renewed = Clock::now();
    }
    unsubscribe();
    const bool too_few = options_.count > 0 && printed_ < options_.count && !interrupted;
    return refused_ || too_few ? kFailed : kDone;
  }

 private:
  static bool is_of_meters(const std::string& pattern) { return pattern.starts_with("/meters"); }

  void subscribe() {
    std::vector<std::string> patterns = options_.patterns;
    if (patterns.empty()) patterns.push_back("//*");
    for (const std::string& pattern : patterns) {
      osc::Message message{is_of_meters(pattern) ? "/meters/subscribe" : "/subscribe", {pattern}};
      if (pattern == "/meters") message.arguments.clear();
      if (options_.interval_ms) message.arguments.push_back(int32_t(options_.interval_ms));
      (is_of_meters(pattern) ? meters_ : parameters_) = true;
      link_.send(message);
    }
  }
  void unsubscribe() {
    if (parameters_) link_.send({"/unsubscribe", {}});
    if (meters_) link_.send({"/meters/unsubscribe", {}});
  }

  void take(const osc::Message& message) {
    answered_ = true;
    if (message.address == "/done") return;
    print_message(message, options_.bare);
    if (message.address == "/error") refused_ = true;
    printed_++;
  }
  bool is_complete(Clock::time_point start) const {
    const bool enough = options_.count > 0 && printed_ >= options_.count;
    return enough ||
           (options_.seconds > 0 && Clock::now() - start > std::chrono::duration<double>(options_.seconds));
  }

  const OscOptions& options_;
  OscLink& link_;
  bool parameters_ = false, meters_ = false, answered_ = false, refused_ = false;
  int printed_ = 0;
};

}  // namespace

int osc_watch(const OscOptions& options) {
  auto link = OscLink::open(options);
  if (!link) return print_problems(link.problems(), kFailed);
  std::signal(SIGINT, interrupt);
  std::signal(SIGTERM, interrupt);
  return Watch(options, **link).run();
}

}  // namespace mixgraph
