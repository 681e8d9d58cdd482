#pragma once
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "graph/automation_book.h"
#include "graph/engine.h"
#include "graph/followers.h"
#include "graph/handover.h"
#include "graph/links.h"
#include "graph/plan.h"

namespace mixgraph {

/// What is said of rows and is not yet past: the one place that decides what comes after what. It sends orders to the
/// performer ahead of their time, and tells whoever keeps the document when they are due. Time goes on in look_at_clock()
/// only: what is said in between is said at the same frame. [control]
class OrderBook {
 public:
  OrderBook(Handover& handover, double rate);
  ~OrderBook();

  /// The instances that can be told anything from now on. Their paths and ids stay as they are.
  void know(const Plan& target);
  /// What follows what from now on, in a document that they make sound.
  void know(const Graph& graph) {
    const bool before = followers_.has_members();
    followers_ = Followers(graph, followers_);
    links_before_ = std::exchange(links_, Links(graph));
    follows_ = before || followers_.has_members() || !links_.empty() || !links_before_.empty();
  }
  /// Has all that follows do so, where instances or what they follow are new.
  void settle_followers();
  /// Tells instances, and those that follow them: what is of one frame is one batch. A row that follows a link is told by what is said of its
  /// leader; whoever keeps the document says the leader what is to be said of the row (LinkedNode::leaders_value).
  void say(std::span<const Move> moves);
  /// Lets time go on; `all`: as if it had for all that waits.
  void look_at_clock(bool all = false);
  /// Engine::automate().
  void automate(std::shared_ptr<const Automation> automation, uint64_t frame, uint64_t from);
  std::vector<AutomationState> automation() const { return automation_.states(); }
  /// Instances, or what follows them, may be others now: so may the rows that are automated be. Before they sound.
  void renew_automation() {
    automation_.renew();
    send_automation();
  }
  /// Engine::change_transport().
  void change_transport(const TransportChange& change, uint64_t frame);
  Transport transport(uint64_t frame) const { return transport_.at(frame); }
  /// Sends what waits, and takes back what the performer is done with.
  void advance();
  /// Instances may have begun to sound: what was held for them is sent.
  void send_held();
  /// Glides that the performer has to be given before these instances take over the courses of others.
  std::span<Glide> reserve(const std::vector<InstancePtr>& heirs);
  /// Timed moves that have come due since the last call, in the order in which they count.
  std::vector<DueMove> take_due() { return std::exchange(due_, {}); }
  /// What waits and will have come due at a frame, in that order.
  std::vector<DueMove> due_until(uint64_t frame) const;
  /// An instance by its path, or nullptr.
  const Instance* find(std::string_view path) const {
    const auto found = by_path_.find(path);
    return found == by_path_.end() ? nullptr : found->second;
  }
  /// The frame up to which everything is past.
  uint64_t now() const { return now_; }
  /// Nothing waits to be sent but what its time has not come for.
  bool is_idle() const { return full_.empty(); }
  /// Whether a timed move waits for its frame.
  bool waits() const { return !pending_.empty() || !changes_.empty() || automation_.next_frame() != UINT64_MAX; }

 private:
  using Key = std::pair<uint64_t, uint64_t>;  // frame, number
  struct Pending {
    std::vector<Order> orders;
    size_t sent = 0;  // those come first
  };
  struct Said {  // at one frame
    std::vector<Order> orders;
    bool timed = false, late = false, solo = false;
  };
  using SaidFrames = std::map<uint64_t, Said>;
  static constexpr uint64_t kOfThePast = 1ull << 63;  // marks rows of instances that others take over from
  static std::unique_ptr<Batch> batch_of(const Key& key, std::vector<Order> orders, bool timed, bool late = false);
  Order order_of(const Instance& instance, int row, double value, double seconds = 0, Course course = Course::position) const;
  void say_to(std::string_view path, int row, const Move& move, SaidFrames& frames);
  void add_silenced(SaidFrames& frames);
  std::vector<Order> silenced_at(uint64_t frame) const;
  using FrameOrders = std::unordered_map<uint64_t, const Order*>;  // by row
  using Values = std::unordered_map<uint64_t, double>;         // the same
  struct Leader {
    const Instance* instance = nullptr;
    int row = 0;
    const LinkedNode* link = nullptr;  // nullptr: it is a group
  };
  Leader leader_of(const Instance& member, int row) const;
  Order following(const Instance& member, int row, const FrameOrders& orders, const Values& then) const;
  std::deque<Order> linked(const FrameOrders& orders, const Values& then) const;
  void add(Said& said, uint64_t frame, const Parameter& p, const Order& order);
  void follow_pending(SaidFrames& frames);
  void send_said(SaidFrames& frames);
  bool tell(Instance& instance, const Order& order, const Key& key);
  void tell_at_once(const Key& key, std::vector<Order> orders, bool timed, bool late);
  void tell_later(const Key& key, std::vector<Order> orders);
  void come_due(const Key& key, Pending& pending);
  void pass_breakpoint();
  void send_automation();
  void set_automated(std::string_view path, int row, const AutomationBook::Passed& passed);
  void send_pending(const Key& key, Pending& pending);
  void send_all_pending();
  void send(std::unique_ptr<Batch> batch);
  bool try_send(std::unique_ptr<Batch>& batch);
  void keep_newest(std::unique_ptr<Batch> batch);
  std::span<Glide> glides_for(const Batch& batch);
  std::span<Glide> glides_for_rows();
  DueMove due_move(const Instance& instance, const Order& order, uint64_t frame) const;
  Instance* by_id(uint32_t id) const;
  static uint64_t row_of(const Order& o) { return row_key(o.instance, o.row); }

  Handover& handover_;
  const double rate_, longest_jump_;  // Hz, frames
  uint64_t now_ = 0, numbers_ = 0;
  size_t out_ = 0;  // batches that the performer has, or had and not given back
  Followers followers_;
  Links links_, links_before_;  // of the document, and of the one before
  bool follows_ = false;        // there are members or links, or there were before the latest document
  std::multimap<Key, std::pair<uint64_t, double>> solos_;  // values of rows of the solo, that aren't past
  std::unordered_map<std::string_view, Instance*> by_path_;
  std::unordered_map<uint32_t, Instance*> by_id_;
  std::vector<InstancePtr> known_;
  std::map<Key, Pending> pending_;
  size_t unsent_ = 0;  // of pending batches, those with orders that could not be sent yet
  std::vector<DueMove> due_;
  AutomationBook automation_;
  TransportClock transport_;
  std::map<Key, TransportChange> changes_;  // of that, whose time is to come
  std::deque<std::unique_ptr<Batch>> full_;  // while the performer has as many as it can take
  std::unordered_map<uint64_t, Order*> newest_;  // in full_, by row
  std::unordered_map<uint64_t, uint64_t> busy_;  // rows that may be moving, until which frame
  std::vector<uint64_t> automated_;              // among those: the rows that automation has
  std::vector<std::unique_ptr<Glide[]>> glides_;
  size_t glide_count_ = 0;
};

}  // namespace mixgraph
