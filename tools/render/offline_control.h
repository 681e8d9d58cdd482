#pragma once
#include "daemon/control/control.h"
#include "tools/render/song.h"

namespace mixgraph {

/// The daemon's control, for a render: a script is its only client, and the time is that of the engine's frames. So
/// what a line means, and what is refused, is the same offline as live. [control]
class OfflineControl {
 public:
  /// The engine and the script must outlive it.
  OfflineControl(Engine& engine, const Song& song, const Script& script);

  /// Makes the song's graph sound. Its automation begins, and time rolls, with frame 0.
  Problems start(double tempo = 120);
  /// Carries out a line at once, whatever its frame.
  void carry_out(const Line& line);
  /// Carries out the lines whose frames lie in the tick that the engine is about to process, each at its frame.
  void tick();

  /// The session with all that was carried out.
  Session session() const;
  /// What was refused, or set to the nearest value.
  const LineProblems& problems() const { return problems_; }
  /// What befell nodes while they ran, as the daemon's log would tell it.
  const std::vector<std::string>& notes() const { return notes_; }
  /// How many lines are for later, breakpoints among them.
  size_t left() const { return script_.lines_from(engine_.frame()); }
  /// What rows can't follow of the script's automation.
  std::vector<Unfollowed> unfollowed() const;

 private:
  ControlSettings settings();
  void receive(const osc::Packet& packet) { control_.receive(client_, osc::encode(packet), now_); }
  void hear(const osc::Packet& packet);
  void perform(const Line& line);

  Engine& engine_;
  const Script& script_;
  size_t next_ = 0;
  const Line* line_ = nullptr;  // that is carried out
  const Client client_;
  Now now_;
  LineProblems problems_;
  std::vector<std::string> notes_;
  Control control_;
};

/// Carries out a script without sound: the session as it is then, or all that is refused, in the order of the file.
/// `problems`: of lines that could not even be read. [control]
Result<Session> rehearse(const Song& song, const Script& script, LineProblems problems = {});

}  // namespace mixgraph
