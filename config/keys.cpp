#include "config/keys.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <set>

#include "config/network.h"

namespace mixgraph {
namespace {

constexpr std::string_view kDrivers[] = {"auto", "portaudio", "clock"};
enum Audio { kRate, kBlock, kDriver, kDevice, kInputDevice, kInputs, kOutputs, kCeiling, kRestoreMax, kThreads, kMemory };
consteval Parameter downmix_row(std::string_view id, std::string_view doc, double initial) {
  return {.id = id, .label = "Downmix", .doc = doc, .unit = Unit::decibel, .min = -90, .max = 0, .initial = initial};
}
constexpr Parameter kAudio[] = {
    {.id = "rate",
     .label = "Rate",
     .doc = "Sample rate.",
     .unit = Unit::hertz,
     .min = 8000,
     .max = 384000,
     .initial = 48000},
    {.id = "block", .label = "Block", .doc = "Frames of a device's period; 0: its choice.", .max = 8192},
    {.id = "driver",
     .label = "Driver",
     .doc = "What paces the graph.",
     .curve = Curve::stepped,
     .max = 2,
     .choices = kDrivers,
     .motion = Motion::jump},
    {.id = "device", .label = "Device", .doc = "Name or part of it.", .curve = Curve::text, .update = Update::rebuild},
    {.id = "input_device",
     .label = "Input device",
     .doc = "Another one for the inputs.",
     .curve = Curve::text,
     .update = Update::rebuild},
    {.id = "inputs", .label = "Inputs", .doc = "Channels.", .max = 256, .initial = 2},
    {.id = "outputs", .label = "Outputs", .doc = "Channels.", .min = 1, .max = 256, .initial = 2},
    {.id = "ceiling",
     .label = "Ceiling",
     .doc = "Nothing beyond it leaves an output.",
     .unit = Unit::decibel,
     .min = -60,
     .max = 0},
    {.id = "restore_max",
     .label = "Restore at most",
     .doc = "Levels in master/ that a restart would restore higher are set to it.",
     .unit = Unit::decibel,
     .min = -90,
     .max = 24},
    {.id = "threads",
     .label = "Threads",
     .doc = "That share a graph which is large enough to pay; 0: as many as suit the machine.",
     .max = 16},
    {.id = "memory",
     .label = "Memory",
     .doc = "MiB that the nodes may take; 0: half of the machine's, at most 1024.",
     .max = 1 << 20},
    downmix_row("downmix_centre", "Of the centre, when it is folded into left and right.", Downmix().centre),
    downmix_row("downmix_surround", "Of the surrounds, into left and right.", Downmix().surround),
    downmix_row("downmix_rear", "Of the rears, into the surrounds.", Downmix().rear),
    downmix_row("downmix_height", "Of the upper loudspeakers, into the lower ones.", Downmix().height),
    downmix_row("downmix_lfe", "Of the LFE, into left and right; -90: not at all.", Downmix().lfe),
};
static_assert(is_sound(kAudio));
/// Of the rows from downmix_centre on.
constexpr double Downmix::*kDownmix[] = {&Downmix::centre, &Downmix::surround, &Downmix::rear, &Downmix::height, &Downmix::lfe};
constexpr size_t kFirstDownmix = std::size(kAudio) - std::size(kDownmix);
constexpr Parameter kChannel{
    .id = "channel", .label = "Channel", .doc = "From 1.", .min = 1, .max = 256, .initial = 1};
constexpr Parameter kPort{
    .id = "port", .label = "Port", .doc = "UDP and TCP.", .min = 1, .max = 65535, .initial = 9000};
constexpr std::string_view kFileAccess[] = {"loopback", "all", "none"};
constexpr Parameter kFiles{.id = "files",
                           .label = "Files",
                           .doc = "Who may load, save, and name files.",
                           .curve = Curve::stepped,
                           .max = 2,
                           .choices = kFileAccess,
                           .motion = Motion::jump};
constexpr std::string_view kConfirmations[] = {"answers", "all", "off"};
constexpr Parameter kConfirm{.id = "confirm",
                             .label = "Confirm",
                             .doc = "What waits until a UDP client has shown that it is there.",
                             .curve = Curve::stepped,
                             .max = 2,
                             .choices = kConfirmations,
                             .motion = Motion::jump};
constexpr size_t kMostPeers = 16;
constexpr Parameter kMessageRate{
    .id = "rate", .label = "Rate", .doc = "Messages per second; 0: no limit.", .max = 1e6, .initial = 2000};

bool expect_mapping(const Yaml& yaml, const std::string& name, const std::string& example, Report& report) {
  if (!yaml.is_mapping() && yaml.kind != Yaml::Kind::null)
    report.add(yaml.place, "`" + name + "`: a mapping is expected", "such as " + example);
  return yaml.is_mapping();
}

std::optional<double> read_whole(const Parameter& p, const Yaml& yaml, std::string_view name,
                                 Report& report) {
  std::optional<Value> value = read_value(p, yaml, name, report);
  if (!value) return {};
  double number = std::get<double>(*value);
  if (number == double(int(number))) return number;
  report.add(yaml.place, "`" + std::string(name) + "`: " + yaml.text + " is not a whole number", accepted(p));
  return {};
}

std::vector<int> read_map(const Yaml& yaml, std::string_view name, Report& report) {
  std::vector<int> map;
  if (!yaml.is_sequence())
    report.add(yaml.place, "`" + std::string(name) + "`: a list is expected", "such as [3, 4]");
  for (const Yaml& item : yaml.items)
    if (auto channel = read_whole(kChannel, item, name, report)) map.push_back(int(*channel));
  return map;
}

void set_audio(AudioSettings& audio, Audio row, const Value& value) {
  auto number = [&] { return std::get<double>(value); };
  switch (row) {
    case kRate:
      audio.rate = number();
      break;
    case kBlock:
      audio.block = int(number());
      break;
    case kDriver:
      audio.driver = kDrivers[size_t(number())];
      break;
    case kDevice:
      audio.device = std::get<std::string>(value);
      break;
    case kInputDevice:
      audio.input_device = std::get<std::string>(value);
      break;
    case kInputs:
      audio.inputs = int(number());
      break;
    case kOutputs:
      audio.outputs = int(number());
      break;
    case kCeiling:
      audio.ceiling = number();
      break;
    case kRestoreMax:
      audio.restore_max = number();
      break;
    case kThreads:
      audio.threads = int(number());
      break;
    case kMemory:
      audio.memory = int(number());
      break;
    default:
      audio.downmix.*kDownmix[size_t(row) - kFirstDownmix] = number();
  }
}

void read_audio_key(const Yaml::Entry& entry, AudioSettings& audio, Report& report) {
  if (entry.key == "input_map") return void(audio.input_map = read_map(entry.value, entry.key, report));
  if (entry.key == "output_map") return void(audio.output_map = read_map(entry.value, entry.key, report));
  std::vector<std::string_view> words;
  for (const Parameter& p : kAudio) {
    words.push_back(p.id);
    if (p.id != entry.key) continue;
    bool whole = p.curve == Curve::linear && p.unit == Unit::none;
    auto row = Audio(&p - kAudio);
    if (!whole) {
      if (auto value = read_value(p, entry.value, p.id, report)) set_audio(audio, row, *value);
    } else if (auto number = read_whole(p, entry.value, p.id, report)) {
      set_audio(audio, row, *number);
    }
    return;
  }
  words.insert(words.end(), {"input_map", "output_map"});
  report.add(entry.place, "`" + entry.key + "`: no such setting of audio",
             suggest(entry.key, words, "it has"));
}

/// The highest device channel that nodes of a role name.
int used_channels(const Graph& graph, DeviceRole role) {
  int most = 0;
  for (const Node& node : graph.nodes())
    if (node.type->role == role) most = std::max(most, channels_of(node));
  return most;
}

std::vector<std::string> read_networks(const Yaml& yaml, Report& report) {
  std::vector<std::string> networks;
  for (const Word& word : read_words(yaml, "allow", report)) {
    if (!Network::parse(word.text))
      report.add(word.place, "`allow`: " + word.text + " is no address", std::string(Network::kExamples));
    networks.push_back(word.text);
  }
  return networks;
}

std::vector<std::string> read_peers(const Yaml& yaml, Report& report) {
  std::vector<std::string> peers;
  std::set<Network::Address> known;
  for (const Word& word : read_words(yaml, "peers", report)) {
    const auto peer = NetworkPeer::parse(word.text);
    if (!peer)
      report.add(word.place, "`peers`: " + word.text + " is no address with a port", std::string(NetworkPeer::kExamples));
    else if (!known.insert(peer->address).second)
      report.add(word.place, "`peers`: " + word.text + " has the address of another", "all that comes from an address is one surface");
    else if (known.size() == kMostPeers + 1)
      report.add(word.place, "`peers`: there are more than " + std::to_string(kMostPeers));
    peers.push_back(word.text);
  }
  return peers;
}

void read_osc_key(const Yaml::Entry& entry, OscSettings& osc, Report& report) {
  const Yaml& value = entry.value;
  const auto number = [&](const Parameter& p, auto& setting) {
    if (auto read = read_value(p, value, entry.key, report))
      setting = std::decay_t<decltype(setting)>(std::get<double>(*read));
  };
  if (entry.key == "port") {
    if (auto port = read_whole(kPort, value, "port", report)) osc.port = int(*port);
  } else if (entry.key == "bind") {
    for (Word& word : read_words(value, "bind", report)) osc.bind.push_back(std::move(word.text));
  } else if (entry.key == "allow") {
    osc.allow = read_networks(value, report);
  } else if (entry.key == "files") {
    if (auto read = read_value(kFiles, value, "files", report))
      osc.files = FileAccess(int(std::get<double>(*read)));
  } else if (entry.key == "confirm") {
    if (auto read = read_value(kConfirm, value, "confirm", report))
      osc.confirm = Confirm(int(std::get<double>(*read)));
  } else if (entry.key == "peers") {
    osc.peers = read_peers(value, report);
  } else if (entry.key == "rate") {
    number(kMessageRate, osc.rate);
  } else if (entry.key == "loopback_rate") {
    number(kMessageRate, osc.loopback_rate);
  } else {
    report.add(
        entry.place, "`" + entry.key + "`: no such setting of osc",
        suggest(entry.key, {"port", "bind", "allow", "peers", "files", "confirm", "rate", "loopback_rate"}, "it has"));
  }
}

void read_osc(const Yaml& yaml, OscSettings& osc, Report& report) {
  if (!expect_mapping(yaml, "osc", "{port: 9000}", report)) return;
  for (const Yaml::Entry& entry : yaml.entries) read_osc_key(entry, osc, report);
}

void put(Yaml& mapping, std::string_view key, Yaml value) {
  mapping.kind = Yaml::Kind::mapping;
  mapping.entries.push_back({std::string(key), {}, std::move(value)});
}

Yaml write_map(const std::vector<int>& map) {
  Yaml list;
  list.kind = Yaml::Kind::sequence;
  for (int channel : map) list.items.push_back(write_number(channel));
  return list;
}

Yaml write_audio(const AudioSettings& audio) {
  const AudioSettings usual;
  Yaml yaml;
  if (audio.rate != usual.rate) put(yaml, "rate", write_number(audio.rate));
  if (audio.block != usual.block) put(yaml, "block", write_number(audio.block));
  if (audio.driver != usual.driver) put(yaml, "driver", write_text(audio.driver));
  if (audio.device != usual.device) put(yaml, "device", write_text(audio.device));
  if (audio.input_device != usual.input_device) put(yaml, "input_device", write_text(audio.input_device));
  if (audio.inputs) put(yaml, "inputs", write_number(*audio.inputs));
  if (audio.outputs) put(yaml, "outputs", write_number(*audio.outputs));
  if (!audio.input_map.empty()) put(yaml, "input_map", write_map(audio.input_map));
  if (!audio.output_map.empty()) put(yaml, "output_map", write_map(audio.output_map));
  if (audio.ceiling != usual.ceiling) put(yaml, "ceiling", write_number(audio.ceiling));
  if (audio.restore_max != usual.restore_max) put(yaml, "restore_max", write_number(audio.restore_max));
  if (audio.threads != usual.threads) put(yaml, "threads", write_number(audio.threads));
  if (audio.memory != usual.memory) put(yaml, "memory", write_number(audio.memory));
  for (size_t d = 0; d < std::size(kDownmix); d++)
    if (audio.downmix.*kDownmix[d] != usual.downmix.*kDownmix[d]) put(yaml, std::string(kAudio[kFirstDownmix + d].id), write_number(audio.downmix.*kDownmix[d]));
  return yaml;
}

Yaml write_words(const std::vector<std::string>& words) {
  if (words.size() == 1) return write_text(words[0]);
  Yaml list;
  list.kind = Yaml::Kind::sequence;
  for (const std::string& word : words) list.items.push_back(write_text(word));
  return list;
}

Yaml write_osc(const OscSettings& osc) {
  const OscSettings usual;
  Yaml yaml;
  if (osc.port != usual.port) put(yaml, "port", write_number(osc.port));
  if (!osc.bind.empty()) put(yaml, "bind", write_words(osc.bind));
  if (!osc.allow.empty()) put(yaml, "allow", write_words(osc.allow));
  if (!osc.peers.empty()) put(yaml, "peers", write_words(osc.peers));
  if (osc.files != usual.files) put(yaml, "files", write_text(std::string(kFileAccess[size_t(osc.files)])));
  if (osc.confirm != usual.confirm)
    put(yaml, "confirm", write_text(std::string(kConfirmations[size_t(osc.confirm)])));
  if (osc.rate != usual.rate) put(yaml, "rate", write_number(osc.rate));
  if (osc.loopback_rate != usual.loopback_rate) put(yaml, "loopback_rate", write_number(osc.loopback_rate));
  return yaml;
}

}  // namespace

int channels_of(const Node& node) {
  int most = 0;
  if (node.type->role == DeviceRole::none) return most;
  for (const Value& value : node.values) {
    const std::string* text = std::get_if<std::string>(&value);
    if (!text) continue;
    for (const char *at = text->data(), *end = at + text->size(); at < end;) {
      unsigned channel = 0;  // unsigned, so that the dash of "1-6" is no sign
      auto [next, error] = std::from_chars(at, end, channel);
      if (error == std::errc()) most = std::max(most, int(std::min(channel, 256u)));
      at = error == std::errc() ? next : at + 1;
    }
  }
  return most;
}

DeviceChannels channels_of(const AudioSettings& audio, const Graph& graph) {
  return {std::max(audio.inputs.value_or(2), used_channels(graph, DeviceRole::device_input)),
          std::max(audio.outputs.value_or(2), used_channels(graph, DeviceRole::device_output))};
}

std::vector<std::string_view> session_keys() {
  return {"mixgraph", "name", "audio", "osc",    "media", "recordings",
          "include",  "in",   "mix",   "master", "scenes"};
}

bool read_settings(std::string_view key, const Yaml& value, Session& session, Report& report) {
  if (key == "name") return session.name = read_word(value, key, report).text, true;
  if (key == "media") return session.media = read_word(value, key, report).text, true;
  if (key == "recordings") return session.recordings = read_word(value, key, report).text, true;
  if (key == "osc") return read_osc(value, session.osc, report), true;
  return false;
}

void read_audio(const Yaml::Entry* audio, Session& session, Report& report) {
  if (!audio || !expect_mapping(audio->value, "audio", "{rate: 48000}", report)) return;
  for (const Yaml::Entry& entry : audio->value.entries) read_audio_key(entry, session.audio, report);
}

Yaml write_settings(const Session& session) {
  const Session usual;
  Yaml yaml;
  put(yaml, "mixgraph", write_number(1));
  if (session.name != usual.name) put(yaml, "name", write_text(session.name));
  Yaml audio = write_audio(session.audio);
  if (audio.is_mapping()) put(yaml, "audio", audio);
  Yaml osc = write_osc(session.osc);
  if (osc.is_mapping()) put(yaml, "osc", std::move(osc));
  if (session.media != usual.media) put(yaml, "media", write_text(session.media));
  if (session.recordings != usual.recordings) put(yaml, "recordings", write_text(session.recordings));
  if (!session.include.empty()) put(yaml, "include", write_words(session.include));
  return yaml;
}

}  // namespace mixgraph
