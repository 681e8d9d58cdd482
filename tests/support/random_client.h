#pragma once
#include <chrono>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "daemon/net/osc_client.h"
#include "daemon/osc/osc.h"

namespace mixgraph {

/// A client that sends all that the grammar allows but /restart, plausible or not: every command of /help, sets, moves,
/// patterns, bundles with times of up to two seconds ahead. It adds no more nodes than keep a graph at 200. The same seed
/// and the same answers make the same messages.
class RandomClient {
 public:
  /// `types`: of nodes; `files`: names for players, recorders, loads and saves.
  RandomClient(int port, OscTransport transport, unsigned seed, std::vector<std::string> types, std::vector<std::string> files);

  /// Sends a few packets if the last ones are answered, and reads what came. False: the connection is lost.
  bool step();
  const std::set<std::string>& saved() const { return saved_; }  ///< files that a save acknowledged
  size_t sent() const { return sent_; }                          ///< packets
  size_t done() const { return done_; }                          ///< commands that worked
  size_t refused() const { return refused_; }
  size_t most_nodes() const { return most_nodes_; }
  /// Commands that /help listed.
  size_t commands() const { return commands_.size(); }

 private:
  struct Command {
    std::string address;
    std::vector<std::string> arguments;  ///< as /help calls them: "name", "[seconds]"
  };
  size_t below(size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(random_); }
  bool chance(size_t percent) { return below(100) < percent; }
  template <class T>
  const T& any_of(const std::vector<T>& of) {
    return of[below(of.size())];
  }
  void send(const osc::Packet& packet);
  void take(const osc::Packet& packet);
  void take(const osc::Message& message);
  osc::Packet packet(int depth = 0);
  osc::Message message();
  osc::Message of_parameter();
  osc::Message of_command();
  osc::Message device();
  std::string path();
  std::string address();
  std::string garbled(std::string text);
  osc::Argument value();
  osc::Argument implausible();
  osc::Argument argument(const std::string& name);
  std::string file_for(const std::string& command);

  std::unique_ptr<OscClient> socket_;
  std::mt19937 random_;
  const std::vector<std::string> types_, files_;
  std::vector<Command> commands_;
  std::vector<std::string> addresses_, paths_{"mix/vox"};
  std::set<std::string> saved_;
  std::chrono::steady_clock::time_point asked_;
  size_t waiting_ = 0, sent_ = 0, done_ = 0, refused_ = 0, nodes_ = 0, most_nodes_ = 0, rounds_ = 0;
  int number_ = 0;
  bool knows_commands_ = false;
};

}  // namespace mixgraph
