#include "tests/support/transcript.h"

#include <chrono>
#include <cmath>
#include <fstream>
#include <sstream>
#include <thread>

namespace mixgraph {
namespace {

constexpr int kPatience = 3000;  // ms for an expected answer

/// Words; those in quotes keep their first quote as a mark.
std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  for (size_t i = 0; i < line.size();) {
    if (line[i] == ' ') {
      i++;
      continue;
    }
    const size_t quote = line[i] == '"' ? i : line.compare(i, 2, "~\"") == 0 ? i + 1 : std::string::npos;
    const size_t end = quote == std::string::npos ? line.find(' ', i) : line.find('"', quote + 1);
    words.push_back(line.substr(i, end - i));
    i = end == std::string::npos ? line.size() : end + 1;
  }
  return words;
}

bool is_number(const std::string& word) {
  char* end = nullptr;
  std::strtod(word.c_str(), &end);
  return !word.empty() && *end == 0;
}
std::string unquoted(const std::string& word) {
  return word.starts_with('"') ? word.substr(1) : word;
}

char type_of(const std::string& word) {
  if (!is_number(word)) return 's';
  return word.find_first_of(".en") == std::string::npos ? 'i' : 'f';
}

osc::Argument argument(char type, const std::string& word) {
  switch (type) {
    case 'i':
      return int32_t(std::stol(word));
    case 'h':
      return int64_t(std::stoll(word));
    case 'f':
      return std::strtof(word.c_str(), nullptr);
    case 'd':
      return std::strtod(word.c_str(), nullptr);
    case 'S':
      return osc::Symbol{unquoted(word)};
    case 'b':
      return osc::Blob{{1, 2, 3}};
    default:
      return unquoted(word);
  }
}

/// "/mix/vox/fader -6" or "/mix/vox/fader ,fT -6".
osc::Message message_of(const std::vector<std::string>& words) {
  osc::Message message{words[0], {}};
  const bool typed = words.size() > 1 && words[1].starts_with(',');
  std::string types = typed ? words[1].substr(1) : "";
  for (size_t i = 1; !typed && i < words.size(); i++) types += type_of(words[i]);
  size_t at = typed ? 2 : 1;
  for (char type : types) {
    if (type == 'T' || type == 'F')
      message.arguments.push_back(type == 'T');
    else if (type == 'N')
      message.arguments.push_back(osc::Nil{});
    else if (type == 'I')
      message.arguments.push_back(osc::Impulse{});
    else
      message.arguments.push_back(argument(type, at < words.size() ? words[at++] : ""));
  }
  return message;
}

/// `*`; `~text` a part of it; `1..2` a range; a number to within 1e-4; a text.
bool fits(const osc::Argument& argument, const std::string& expected) {
  if (expected == "*") return true;
  const auto number = osc::number(argument);
  if (const size_t dots = expected.find(".."); number && dots != std::string::npos)
    return *number >= std::stod(expected) && *number <= std::stod(expected.substr(dots + 2));
  if (number)
    return is_number(expected) && std::abs(*number - std::stod(expected)) <= 1e-4 * (1 + std::abs(*number));
  const auto* text = std::get_if<std::string>(&argument);
  if (!text) return false;
  if (!expected.starts_with('~')) return *text == unquoted(expected);
  return text->find(unquoted(expected.substr(1))) != std::string::npos;
}

bool fits(const osc::Message& message, const std::vector<std::string>& words) {
  if (message.address != words[0]) return false;
  size_t at = 1;
  if (words.size() > 1 && words[1].starts_with(',')) {
    if (osc::type_tags(message) != words[1]) return false;
    at = 2;
  }
  if (words.size() - at != message.arguments.size()) return false;
  for (size_t i = 0; i < message.arguments.size(); i++)
    if (!fits(message.arguments[i], words[at + i])) return false;
  return true;
}

std::vector<uint8_t> bytes_of(const std::vector<std::string>& words) {
  std::vector<uint8_t> bytes;
  for (size_t i = 1; i < words.size(); i++) {
    if (words[i].starts_with('"'))
      bytes.insert(bytes.end(), words[i].begin() + 1, words[i].end());
    else
      bytes.push_back(uint8_t(std::stoi(words[i], nullptr, 16)));
  }
  return bytes;
}

void flatten(const osc::Packet& packet, std::deque<osc::Message>& to) {
  if (const auto* message = std::get_if<osc::Message>(&packet)) return to.push_back(*message);
  for (const osc::Packet& element : std::get<osc::Bundle>(packet).elements) flatten(element, to);
}

}  // namespace

struct Transcript::Line {
  std::string text;
  std::vector<std::string> words;  // the first says what to do
  std::vector<std::string> rest() const { return {words.begin() + 1, words.end()}; }
  int number(size_t i, int fallback) const { return i < words.size() ? std::stoi(words[i]) : fallback; }
};

std::string Transcript::play(const std::string& file) {
  std::ifstream in(file);
  if (!in) return file + ": cannot be read";
  if (auto problem = open("udp", "main"); !problem.empty()) return problem;
  std::string text;
  for (int number = 1; std::getline(in, text); number++) {
    const Line line{text, words_of(text)};
    if (line.words.empty() || line.words[0].starts_with('#')) continue;
    if (const std::string problem = perform(line); !problem.empty())
      return file + ":" + std::to_string(number) + ": " + text + "\n  " + problem;
  }
  if (auto problem = open("udp", "afterwards"); !problem.empty()) return problem;
  std::string problem = send(osc::encode(osc::Message{"/clock", {}}));
  if (problem.empty()) problem = expect({"", {"<", "/clock", "*", "*", "*", "*", "*", "*", "*", "*"}}, false);
  return problem.empty() ? "" : file + ": it does not serve afterwards: " + problem;
}

std::string Transcript::perform(const Line& line) {
  const std::string& what = line.words[0];
  if (what == "session") return "";
  if (what == "udp" || what == "tcp" || what == "slip")
    return open(what, line.words.size() > 1 ? line.words[1] : what);
  if (what == "client") {
    current_ = line.words.at(1);
    return clients_.count(current_) ? "" : "no such client";
  }
  if (what == ">" && !open_bundles_.empty()) {
    open_bundles_.back().elements.push_back(message_of(line.rest()));
    return "";
  }
  if (what == ">") return send(osc::encode(message_of(line.rest())));
  if (what == "<") return expect(line, false);
  if (what == "<~") return expect(line, true);
  if (what == "silence") return expect_nothing(line.number(1, 150));
  if (what == "drain") {
    while (next(line.number(1, 100))) {
    }
    return "";
  }
  if (what == "wait") return std::this_thread::sleep_for(std::chrono::milliseconds(line.number(1, 0))), "";
  if (what == "raw") return send(bytes_of(line.words));
  if (what == "stream")
    return clients_[current_].socket->send_raw(bytes_of(line.words)) ? "" : "the stream was not taken";
  if (what == "bundle") return begin_bundle(line);
  if (what == "end") return end_bundle();
  if (what == "closed")
    return next(kPatience), clients_[current_].socket->failure() ? "" : "the connection is still open";
  return "no such line";
}

std::string Transcript::open(const std::string& kind, const std::string& name) {
  const auto transport = kind == "udp"   ? OscTransport::udp
                         : kind == "tcp" ? OscTransport::tcp
                                         : OscTransport::tcp_slip;
  current_ = name;
  if (clients_.count(name)) return "";
  auto socket = OscClient::open("127.0.0.1", uint16_t(port_), transport);
  if (!socket) return socket.problems().front().text();
  clients_[name].socket = std::move(*socket);
  return "";
}

std::string Transcript::send(const std::vector<uint8_t>& packet) {
  OscClient& socket = *clients_.at(current_).socket;
  return socket.send(packet) ? "" : "not sent: " + socket.failure()->text();
}

std::optional<osc::Message> Transcript::next(int milliseconds) {
  Client& client = clients_.at(current_);
  if (client.received.empty()) {
    const auto bytes = client.socket->receive(OscClient::Milliseconds(milliseconds));
    if (!bytes) return {};
    const auto packet = osc::decode(*bytes);
    if (!packet) return osc::Message{"/malformed", {}};
    flatten(*packet, client.received);
  }
  if (client.received.empty()) return {};
  osc::Message message = std::move(client.received.front());
  client.received.pop_front();
  return message;
}

std::string Transcript::expect(const Line& line, bool skip_others) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatience);
  std::string last = "nothing";
  while (true) {
    const auto message = next(kPatience);
    if (message && fits(*message, line.rest())) return "";
    if (message) last = osc::describe(*message);
    if (!message || !skip_others || std::chrono::steady_clock::now() > deadline) return "came: " + last;
  }
}

std::string Transcript::expect_nothing(int milliseconds) {
  const auto message = next(milliseconds);
  return message ? "came: " + osc::describe(*message) : "";
}

std::string Transcript::begin_bundle(const Line& line) {
  osc::Bundle bundle;
  if (line.words.size() > 1 && line.words[1] != "now") {
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    const int64_t now = std::chrono::duration_cast<std::chrono::nanoseconds>(since_1970).count();
    bundle.time = osc::TimeTag::at(now + int64_t(std::stod(line.words[1]) * 1e9));
  }
  open_bundles_.push_back(std::move(bundle));
  return "";
}

std::string Transcript::end_bundle() {
  if (open_bundles_.empty()) return "no bundle is open";
  osc::Bundle bundle = std::move(open_bundles_.back());
  open_bundles_.pop_back();
  if (open_bundles_.empty()) return send(osc::encode(bundle));
  open_bundles_.back().elements.push_back(std::move(bundle));
  return "";
}

}  // namespace mixgraph
