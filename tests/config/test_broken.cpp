// Broken session files, and all that is said about each.
#include <catch2/catch.hpp>

#include "config/session.h"
#include "types.h"

using namespace mixgraph;

namespace {

struct Broken {
  const char *name, *text, *problems;
};

constexpr Broken kBroken[] = {
    {"misspelt parameter", R"(mixgraph: 1
mix:
  bass: {type: compressor, from: in/1, treshold: -20}
)",
     R"(song.yaml:3:40: `treshold`: no such parameter of compressor; did you mean `threshold`?
)"},
    {"unknown parameter, far from any", R"(mixgraph: 1
mix:
  bass: {type: compressor, from: in/1, colour: red}
)",
     R"(song.yaml:3:40: `colour`: no such parameter of compressor; did you mean `color`?
)"},
    {"misspelt part", R"(mixgraph: 1
mix:
  vox: {type: strip, from: in/1, fadr: -3, reverb: 4}
)",
     R"(song.yaml:3:34: `fadr`: no such part of strip; did you mean `fader`?
song.yaml:3:44: `reverb`: no such part of strip; did you mean `meter`?
)"},
    {"parameter of a part", R"(mixgraph: 1
mix:
  vox:
    type: strip
    eq: {2: {gian: 3}, 7: {gain: 1}, 1: 3}
)",
     R"(song.yaml:5:14: `2/gian`: no such parameter of eq; did you mean `gain`?
song.yaml:5:24: `7`: no such parameter of eq; it has 1, 2, bypass, from, label, color, groups, link
song.yaml:5:41: `1`: a mapping is expected; it has gain, freq, type
)"},
    {"not a number", R"(mixgraph: 1
mix:
  vox: {type: strip, fader: loud, gate: {threshold: "-30"}, trim: -3 dB}
)",
     R"(song.yaml:3:29: `fader`: "loud" is not a number; -90 to 10 dB
song.yaml:3:53: `threshold`: "-30" is not a number; -80 to 0 dB
song.yaml:3:67: `trim`: "-3 dB" is not a number; -60 to 24 dB, written without the unit
)"},
    {"out of range", R"(mixgraph: 1
mix:
  vox: {type: compressor, ratio: 0.5, attack: 5000, threshold: 3}
)",
     R"(song.yaml:3:34: `ratio`: 0.5 is out of range; 1 to 20 :1
song.yaml:3:47: `attack`: 5000 is out of range; 0.1 to 250 ms
song.yaml:3:64: `threshold`: 3 is out of range; -60 to 0 dB
)"},
    {"not finite", R"(mixgraph: 1
mix:
  vox: {type: strip, fader: .nan, trim: -.inf, pan: inf, highpass: 1e999}
)",
     R"(song.yaml:3:29: `fader`: .nan is not a finite number; -90 to 10 dB
song.yaml:3:41: `trim`: -.inf is not a finite number; -60 to 24 dB
song.yaml:3:53: `pan`: inf is not a finite number; -1 to 1
song.yaml:3:68: `highpass`: 1e999 is not a finite number; 20 to 2000 Hz
)"},
    {"unknown choice", R"(mixgraph: 1
mix:
  vox: {type: strip, pan: {law: sin}, highpass: {slope: 2}, mute: maybe}
)",
     R"(song.yaml:3:33: `law`: "sin" is not a choice; did you mean `sine`?
song.yaml:3:57: `slope`: "2" is not a choice; one of 12, 18, 24
song.yaml:3:67: `mute`: "maybe" is not a choice; one of off, on
)"},
    {"list and mapping for a number", R"(mixgraph: 1
mix:
  vox: {type: fader, level: [1, 2]}
  sax: {type: fader, level: {db: 3}}
  sub: {type: fader, level: }
)",
     R"(song.yaml:3:29: `level`: one value is expected, not a list; -90 to 10 dB
song.yaml:4:29: `level`: one value is expected, not a mapping; -90 to 10 dB
song.yaml:5:29: `level` has no value; -90 to 10 dB
)"},
    {"unknown type", R"(mixgraph: 1
mix:
  hall: {type: revreb}
  room: {type: x}
  vox: {type: strip, from: [hall, room], sends: {hall: -3}}
)",
     R"(song.yaml:3:16: `revreb`: no such node type; did you mean `reverb`?
song.yaml:4:16: `x`: no such node type; one of bus, master, strip, trim, highpass, eq, gate, compressor, fader, mute, pan, width, send, sum, reverb, limiter, ...
)"},
    {"no type", R"(mixgraph: 1
mix:
  vox: {from: in/1, fader: -3}
  sax: 3
  sub:
)",
     R"(song.yaml:3:3: `vox` has no type; such as {type: strip}
song.yaml:4:8: `sax`: a node is a mapping with a type; such as {type: strip, from: in/1}
song.yaml:5:3: `sub`: a node is a mapping with a type; such as {type: strip, from: in/1}
)"},
    {"unknown source", R"(mixgraph: 1
mix:
  drums: {type: strip, from: in/1}
  hall: {type: reverb, from: hal}
  sum: {type: bus, from: [drums, percussion, mix/hal, in/0, in/vox]}
)",
     R"(song.yaml:4:30: `hal`: no such node; did you mean `hall`?
song.yaml:5:34: `percussion`: no such node; there are drums, hall, sum
song.yaml:5:46: `mix/hal`: no such node; did you mean `mix/hall`?
song.yaml:5:55: `in/0`: no such input; write in/1, in/1+2 for a stereo pair, or in/1-6 for more
song.yaml:5:61: `in/vox`: no such input; write in/1, in/1+2 for a stereo pair, or in/1-6 for more
)"},
    {"unknown send target", R"(mixgraph: 1
mix:
  hall: {type: reverb}
  play: {type: player}
  vox: {type: strip, sends: {hal: -12, play: -3, x: {to: [hall, "hall:key"]}, hall: {pre: perhaps}}}
  sub: {type: strip, sends: hall}
)",
     R"(song.yaml:5:30: `hal`: no such node; did you mean `hall`?
song.yaml:5:40: `play`: player has no input
song.yaml:5:65: `hall:key`: reverb has no input `key`
song.yaml:5:91: `pre`: "perhaps" is not a choice; one of off, on
song.yaml:6:29: `sends`: a mapping is expected; such as {hall: -12}
)"},
    {"duplicate key", R"(mixgraph: 1
mix:
  vox: {type: strip}
  vox: {type: reverb}
)",
     R"(song.yaml:4:3: `vox`: this key is here twice; the first is in line 3
)"},
    {"anchors, aliases and tags", R"(mixgraph: 1
mix:
  vox: &v {type: strip}
  sax: *v
  sub: !!map {type: strip}
)",
     R"(song.yaml:3:8: `&v`: anchors are not allowed; write it out in both places
song.yaml:4:8: aliases (`*name`) are not allowed; write it out in both places
song.yaml:5:8: tags (`!map`) are not allowed; remove it
)"},
    {"no version", R"(name: x
mix: {}
)",
     R"(song.yaml:1:1: `mixgraph`, the version of the format, is missing; a session starts with `mixgraph: 1`
)"},
    {"wrong version", R"(mixgraph: 2
)",
     R"(song.yaml:1:11: this program doesn't read this version of the format; write `mixgraph: 1`
)"},
    {"empty", R"()",
     R"(song.yaml:1:1: the file is empty; a session starts with `mixgraph: 1`
)"},
    {"not YAML: bracket", R"(mixgraph: 1
mix: {vox: {type: strip
)",
     R"(song.yaml:3:1: not YAML: end of map flow not found; check indentation, colons, quotes and brackets
)"},
    {"not YAML: indentation", R"(mixgraph: 1
mix:
  vox: {type: strip}
 sax: {type: strip}
)",
     R"(song.yaml:4:2: not YAML: end of map not found; check indentation, colons, quotes and brackets
)"},
    {"not a session", R"(- mix
- master
)",
     R"(song.yaml:1:1: this is not a session; a session is a mapping that starts with `mixgraph: 1`
)"},
    {"unknown keys", R"(mixgraph: 1
mixx: {}
tempo: 120
audio: {rat: 48000, driver: jack, rate: 1, block: 12.5}
osc: {prot: 9000, port: 0, allow: [10.0.0.0/33, any, lan], files: some, rate: -1, confirm: perhaps,
      peers: ['10.0.0.2', '10.0.0.2:0', '10.0.0.2:9001', '10.0.0.2:9002']}
)",
     R"(song.yaml:2:1: `mixx`: no such key of a session; did you mean `mix`?
song.yaml:3:1: `tempo`: no such key of a session; it has mixgraph, name, audio, osc, media, recordings, include, in, mix, master, scenes
song.yaml:4:9: `rat`: no such setting of audio; did you mean `rate`?
song.yaml:4:29: `driver`: "jack" is not a choice; one of auto, portaudio, clock
song.yaml:4:41: `rate`: 1 is out of range; 8000 to 384000 Hz
song.yaml:4:51: `block`: 12.5 is not a whole number; 0 to 8192
song.yaml:5:7: `prot`: no such setting of osc; did you mean `port`?
song.yaml:5:25: `port`: 0 is out of range; 1 to 65535
song.yaml:5:36: `allow`: 10.0.0.0/33 is no address; an address, a network such as 192.168.1.0/24, or any
song.yaml:5:54: `allow`: lan is no address; an address, a network such as 192.168.1.0/24, or any
song.yaml:5:67: `files`: "some" is not a choice; did you mean `none`?
song.yaml:5:79: `rate`: -1 is out of range; 0 to 1e+06
song.yaml:5:92: `confirm`: "perhaps" is not a choice; one of answers, all, off
song.yaml:6:15: `peers`: 10.0.0.2 is no address with a port; an address with a port, such as 10.0.0.7:9001 or [fd00::7]:9001
song.yaml:6:27: `peers`: 10.0.0.2:0 is no address with a port; an address with a port, such as 10.0.0.7:9001 or [fd00::7]:9001
song.yaml:6:58: `peers`: 10.0.0.2:9002 has the address of another; all that comes from an address is one surface
)"},
    {"beyond a parameter", R"(mixgraph: 1
mix: {p: {type: player, file/x: a}}
)",
     R"(song.yaml:2:25: `file`: one value is expected, not a mapping; a text
)"},
    {"two nodes in one place", R"(mixgraph: 1
mix:
  vox/eq: {type: eq}
  vox: {type: strip}
)",
     R"(song.yaml:4:3: `mix/vox/eq`: there is a node here already; choose another name
)"},
    {"node at an address", R"(mixgraph: 1
mix:
  tone: {type: eq}
  tone/2: {type: trim}
)",
     R"(song.yaml:4:3: `mix/tone/2`: this is an address of a parameter of `mix/tone`; choose another name
)"},
    {"bad names", R"(mixgraph: 1
mix:
  lead vox: {type: strip}
  vox/: {type: strip}
)",
     R"(song.yaml:3:3: `lead vox` is not a name; use letters, digits, _ - + . (and / between the parts of a path)
song.yaml:4:3: `vox/` is not a name; use letters, digits, _ - + . (and / between the parts of a path)
)"},
    {"from on a source", R"(mixgraph: 1
mix:
  song: {type: player, from: in/1}
)",
     R"(song.yaml:3:24: `from`: player has no input; remove it
)"},
    {"source without an output, unknown ports", R"(mixgraph: 1
mix:
  tape: {type: recorder}
  bands: {type: split, from: tape}
  vox: {type: strip, from: ["bands:hihg", "bands:x"]}
  sum: {type: sum, from: ["vox:pre", vox, vox]}
)",
     R"(song.yaml:4:30: `tape`: recorder has no output
song.yaml:5:29: `bands:hihg`: split has no output `hihg`; did you mean `high`?
song.yaml:5:43: `bands:x`: split has no output `x`; it has low, high
song.yaml:6:27: `vox:pre`: strip has one output; write `vox`
song.yaml:6:43: `vox` is in this list twice; remove one
)"},
    {"in for from", R"(mixgraph: 1
mix:
  tone: {type: eq, in: in/1}
)",
     R"(song.yaml:3:20: `in`: the sources are called `from`
)"},
    {"section that is no mapping", R"(mixgraph: 1
mix: [vox]
master: 3
scenes: 4
)",
     R"(song.yaml:2:6: `mix`: a mapping is expected; nodes by name
song.yaml:3:9: `master`: a mapping is expected; nodes by name
song.yaml:4:9: `scenes`: a mapping is expected; such as {verse: {mix/vox/fader: -3}}
)"},
    {"second document", R"(mixgraph: 1
---
mixgraph: 1
)",
     R"(song.yaml:2:1: a second document starts here; one file holds one document
)"},
    {"scenes", R"(mixgraph: 1
mix: {v: {type: strip}}
scenes:
  verse: {mix/v/fader: 30, mix/v/fader/levle: 3, mix/v/eq: 3, mix v: 3, mix/v/pan/law: flat}
  chorus: 3
)",
     R"(song.yaml:4:24: `mix/v/fader`: 30 is out of range; -90 to 10 dB
song.yaml:4:28: `mix/v/fader/levle`: no such parameter of fader; did you mean `level`?
song.yaml:4:50: `mix/v/eq`: no such parameter of eq; it has 1/gain, 1/freq, 1/type, 2/gain, 2/freq, 2/q, bypass
song.yaml:4:63: `mix v` is not an address; such as mix/vox/fader
song.yaml:4:88: `mix/v/pan/law`: "flat" is not a choice; one of sine, linear, compromise
song.yaml:5:11: `chorus`: a scene is a mapping; such as {mix/vox/fader: -3}
)"},
    {"scopes", R"(mixgraph: 1
mix: {v: {type: strip}, w: {type: fader}}
scenes:
  a: {scope: [mix/v, mix/vv, "mix/{v,w}/fader", {mix/gone: fadr, mix x: fader}, [mix/v]]}
  b: {scope: , mix/v/fader: -3}
  c: {scope: {mix/w: pan, mix/gone: pan}, mix/gone/law: flat, mix/w: 1, mix/gone/lw: sine}
  d: {scope: [{mix/w: pan}, mix/w]}
  e: {scope: "mix/{v", mix/v/fader: 30}
  f: {scope: ["mix/{v,}/fader", "mix/{w}{w}"]}
  g: {scope: {mix/v: strip}}
)",
     R"(song.yaml:4:22: `mix/vv`: there is no node at `mix/vv` or beneath it; did you mean `mix/v`?
song.yaml:4:30: `mix/{v,w}/fader`: there is no node at `mix/w/fader` or beneath it; did you mean `mix/v/fader`?
song.yaml:4:60: `fadr`: no such node type; did you mean `fader`?
song.yaml:4:66: `mix x` is not a path; such as mix/vox/fader
song.yaml:4:81: `scope`: paths of nodes are expected; such as [mix/vox, "mix/{drums,bass}/fader"], or {mix/gone: fader} for one that isn't there
song.yaml:5:14: `scope`: paths of nodes are expected; such as [mix/vox, "mix/{drums,bass}/fader"], or {mix/gone: fader} for one that isn't there
song.yaml:6:57: `mix/gone/law`: "flat" is not a choice; one of sine, linear, compromise
song.yaml:6:73: `mix/gone/lw`: no such parameter of pan; did you mean `law`?
song.yaml:7:29: `mix/w` is in this scope twice; remove one
song.yaml:8:14: `mix/{v`: there is no node at `mix/{v` or beneath it; did you mean `mix/v`?
song.yaml:8:37: `mix/v/fader`: 30 is out of range; -90 to 10 dB
song.yaml:9:15: `mix/{v,}/fader`: there is no node at `mix/` or beneath it; did you mean `mix/v`?
song.yaml:9:33: `mix/{w}{w}`: there is no node at `mix/ww` or beneath it; did you mean `mix/w`?
song.yaml:10:22: `strip`: no such node type; did you mean `trim`?
)"},
    {"including what is not there", R"(mixgraph: 1
include: [no/such.yaml]
)",
     R"(song.yaml:2:11: `no/such.yaml`: there is no such file
)"},
    {"key that is no word", R"(mixgraph: 1
mix:
  [a, b]: {type: eq}
)",
     R"(song.yaml:3:3: a key must be a word; put it in quotes if it is one
)"},
    {"everything at once", R"(mixgraph: 1
name: [a]
mix:
  vox: {type: stripp, from: in/1}
  sax: {type: strip, from: in/2, fader: 11}
master:
  out: {type: output, from: mix/sums, too: 1}
)",
     R"(song.yaml:2:7: `name`: one value is expected, not a list; a word
song.yaml:4:15: `stripp`: no such node type; did you mean `strip`?
song.yaml:5:41: `fader`: 11 is out of range; -90 to 10 dB
song.yaml:7:29: `mix/sums`: no such node; did you mean `mix/sax`?
song.yaml:7:39: `too`: no such parameter of output; did you mean `to`?
)"},
    {"group with settings", R"(mixgraph: 1
mix:
  vox: {group: strip, fader: -3}
)",
     R"(song.yaml:3:23: `fader`: a group has no settings but label, color, groups, link; write the nodes in it one by one
)"},
    {"scalar for a part without a main parameter", R"(mixgraph: 1
mix:
  vox: {type: strip, eq: 3, gate: {bypass: perhaps}, meter: {gain: 1}}
)",
     R"(song.yaml:3:26: `eq`: a mapping is expected; or `on` or `off`
song.yaml:3:44: `bypass`: "perhaps" is not a choice; one of off, on
song.yaml:3:62: `gain`: no such parameter of meter; it has bypass, from, label, color, groups, link
)"},
    {"unknown key of an instance without an input", R"(mixgraph: 1
mix:
  vox: {type: strip, key: [kick, kik], sends: {"bad name": -3}}
  kick: {type: strip}
)",
     R"(song.yaml:3:34: `kik`: no such node; did you mean `kick`?
song.yaml:3:48: `bad name` is not a name; use letters, digits, _ - + . (and / between the parts of a path)
)"},
    {"device input that is not one", R"(mixgraph: 1
mix:
  vox: {type: strip, from: [in/1+2-3-4, in/257, in/01, "in/1 + 2"]}
)",
     R"(song.yaml:3:29: `in/1+2-3-4`: no such input; write in/1, in/1+2 for a stereo pair, or in/1-6 for more
song.yaml:3:41: `in/257`: no such input; write in/1, in/1+2 for a stereo pair, or in/1-6 for more
song.yaml:3:49: `in/01`: no such input; write in/1, in/1+2 for a stereo pair, or in/1-6 for more
song.yaml:3:56: `in/1 + 2`: no such input; write in/1, in/1+2 for a stereo pair, or in/1-6 for more
)"},
    {"tabs", R"(mixgraph: 1
mix:
	vox: {type: strip}
)",
     R"(song.yaml:3:5: not YAML: illegal map value; check indentation, colons, quotes and brackets
)"},
    {"unclosed quote", R"(mixgraph: 1
name: "never closed
mix: {}
)",
     R"(song.yaml:2:7: not YAML: this quote never ends; end it
)"},
};

std::string lines(const Problems& problems) {
  std::string text;
  for (const Problem& p : problems) text += p.text() + "\n";
  return text;
}

}  // namespace

TEST_CASE("every problem of a broken session is told, with its place and what would be right") {
  for (const Broken& broken : kBroken) {
    INFO(broken.name);
    Result<Session> session = parse_session(broken.text, "song.yaml", "", test::table_types());
    REQUIRE(!session);
    CHECK(lines(session.problems()) == broken.problems);
  }
}
