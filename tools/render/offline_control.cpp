#include "tools/render/offline_control.h"

namespace mixgraph {

OfflineControl::OfflineControl(Engine& engine, const Song& song, const Script& script)
    : engine_(engine),
      script_(script),
      control_(engine, song.session, song.types,
               [this](const Client&, const osc::Packet& packet, bool) { hear(packet); }, settings()) {}

ControlSettings OfflineControl::settings() {
  ControlSettings settings;
  settings.log = [this](const std::string& text, bool) { notes_.push_back(text); };
  return settings;
}

Problems OfflineControl::start(double tempo) {
  Problems problems = control_.start();
  engine_.automate(script_.automation);
  engine_.change_transport({.rolling = true, .tempo = tempo});
  return problems;
}

std::vector<Unfollowed> OfflineControl::unfollowed() const {
  if (!script_.automation) return {};
  return mixgraph::unfollowed(*script_.automation, engine_.settings().environment.rate);
}

void OfflineControl::hear(const osc::Packet& packet) {
  const auto* message = std::get_if<osc::Message>(&packet);
  if (!line_ || !message || message->address != "/error") return;
  const auto text = [&](size_t i) { return std::get<std::string>(message->arguments.at(i)); };
  problems_.emplace(line_->number, script_.at(*line_, {text(0), text(1), text(2)}));
}

/// Each line has what control gives a client for a second, however many there are.
void OfflineControl::carry_out(const Line& line) {
  now_.monotonic_ns += kSecond;
  line_ = &line;
  receive(line.message);
  line_ = nullptr;
}

void OfflineControl::tick() {
  now_.frame = engine_.frame();
  now_.system_ns = now_.time_of(now_.frame, engine_.settings().environment.rate);
  const auto& lines = script_.lines;
  for (; next_ < lines.size() && lines[next_].frame < now_.frame + kMaxBlock; next_++) perform(lines[next_]);
  control_.tick(now_);
}

/// One at a time, so that each has what a turn of control may cost for itself. Frame 0 means "at once" to the engine.
void OfflineControl::perform(const Line& line) {
  line_ = &line;
  const int64_t time = now_.time_of(line.frame, engine_.settings().environment.rate);
  if (line.frame == 0)
    receive(line.message);
  else
    receive(osc::Bundle{osc::TimeTag::at(time), {line.message}});
  control_.tick(now_);
  line_ = nullptr;
}

Session OfflineControl::session() const {
  Session session = control_.workspace().document.session();
  session.graph = control_.graph();
  return session;
}

Result<Session> rehearse(const Song& song, const Script& script, LineProblems problems) {
  Engine engine(song.engine);
  OfflineControl control(engine, song, script);
  if (Problems wrong = control.start(); !wrong.empty()) return with_lines(wrong, song.path);
  for (const Line& line : script.lines) control.carry_out(line);
  problems.insert(control.problems().begin(), control.problems().end());
  if (problems.empty()) return control.session();
  Problems all;
  for (const auto& [number, problem] : problems) all.push_back(problem);
  return all;
}

}  // namespace mixgraph
