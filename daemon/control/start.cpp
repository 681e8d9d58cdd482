#include <chrono>
#include <future>
#include <memory>

#include "daemon/control/control.h"
#include "daemon/control/node_problems.h"

/// How a graph begins to sound, and what is done if it can't as it is.
namespace mixgraph {
namespace {

/// The graph without the nodes that problems are about.
Graph without(const Graph& graph, const Problems& problems) {
  std::vector<Edit> edits;
  for (const Problem& problem : problems)
    if (const Node* node = node_of(graph, problem)) edits.push_back(RemoveNode{node->path});
  auto next = mixgraph::apply(graph, edits);
  return next ? *next : graph;
}

}  // namespace

/// Has what is slow made, on workers if it may not take as long as it takes, so that a disk that hangs keeps only its own
/// nodes waiting.
void Control::prepare_start(Change& change) const {
  const Engine& engine = workspace_.engine;
  const auto outcome = workspace_.document.outcome(change);
  if (!outcome) return;
  const bool waits = workspace_.settings.patience > 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(workspace_.settings.patience);
  for (auto needs = workspace_.needs(change, *outcome); !needs.empty(); needs = workspace_.needs(change, *outcome)) {
    std::vector<std::future<Prepared>> made;
    for (const Preparation& preparation : needs) {
      const auto task = std::make_shared<std::packaged_task<Prepared()>>([&engine, preparation] { return engine.make(preparation); });
      made.push_back(task->get_future());
      waits ? workspace_.settings.in_background(Worker::making, [task] { (*task)(); }) : (*task)();
    }
    for (size_t i = 0; i < needs.size(); i++) {
      if (!waits || made[i].wait_until(end) == std::future_status::ready) {
        change.prepared.push_back(made[i].get());
        continue;
      }
      change.told.push_back({"/" + needs[i].path, "its disk doesn't answer", ""});
      needs[i].without_files = true;
      change.prepared.push_back(engine.make(std::move(needs[i])));
    }
  }
}

Problems Control::start(const Graph& graph, Problems* told) {
  Change change{.why = Change::Why::start, .whole = graph};
  while (true) {
    prepare_start(change);
    Problems problems = change.failed();
    if (problems.empty()) problems = workspace_.apply(change);
    if (problems.empty() && told) told->insert(told->end(), change.told.begin(), change.told.end());
    if (problems.empty() || !told || !change.do_without_files(problems, graph)) return problems;
  }
}

Problems Control::start(Problems* told) {
  return start(std::exchange(start_, {}), told);
}

bool Control::start_restored(const Graph& otherwise, Problems& told) {
  const Graph graph = std::exchange(start_, {});
  Problems problems = start(graph, &told);
  if (problems.empty()) return true;
  for (const Problem& problem : problems) {
    const std::string address = node_address(problem);
    workspace_.node_faults[address] = {problem.what, "restored without it"};
  }
  told.insert(told.end(), problems.begin(), problems.end());
  if (start(without(graph, problems), &told).empty()) return true;
  told.push_back({"", "the live state can't be built", "the session file is used"});
  problems = start(otherwise, &told);
  told.insert(told.end(), problems.begin(), problems.end());
  return problems.empty();
}

}  // namespace mixgraph
