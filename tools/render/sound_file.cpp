#include "tools/render/sound_file.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace mixgraph {
namespace fs = std::filesystem;
namespace {

constexpr size_t kFlushSamples = 1 << 16;

std::string ending(const std::string& path) {
  std::string text = fs::path(path).extension().string();
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return char(std::tolower(c)); });
  return text;
}

int subtype(FileFormat format) {
  if (format == FileFormat::floating) return SF_FORMAT_FLOAT;
  return format == FileFormat::pcm24 ? SF_FORMAT_PCM_24 : SF_FORMAT_PCM_16;
}

}  // namespace

Result<std::unique_ptr<SoundWriter>> SoundWriter::open(const std::string& path, int rate, Format channels, FileFormat format) {
  const std::string end = ending(path);
  const bool flac = end == ".flac";
  if (!flac && end != ".wav" && end != ".wave")
    return Problem{path, "can't tell which kind of file to write", "end its name in .wav or .flac"};
  if (flac && format == FileFormat::floating)
    return Problem{path, "FLAC holds no floats", "use pcm24 or pcm16, or write a .wav"};
  SF_INFO info{};
  info.samplerate = rate;
  info.channels = channels.channels;
  info.format = (flac ? SF_FORMAT_FLAC : SF_FORMAT_RF64) | subtype(format);
  if (!sf_format_check(&info))
    return Problem{
        path,
        "the file can't have " + std::to_string(channels.channels) + " channels at " + std::to_string(rate) + " Hz",
        flac ? "FLAC holds up to 8 channels at up to 655350 Hz" : ""};
  std::unique_ptr<SoundWriter> writer(new SoundWriter(path, channels, format));
  writer->file_.reset(sf_open(writer->part_.c_str(), SFM_WRITE, &info));
  if (!writer->file_) return Problem{path, std::string("can't be written: ") + sf_strerror(nullptr), ""};
  // No SFC_SET_ADD_PEAK_CHUNK: RF64 has no PEAK chunk, which holds the time of day, and libsndfile 1.2.0 adds
  // one when told not to.
  set_format_in_file(writer->file_.get(), channels);
  if (!flac) sf_command(writer->file_.get(), SFC_RF64_AUTO_DOWNGRADE, nullptr, SF_TRUE);
  return writer;
}

SoundWriter::~SoundWriter() {
  if (!file_) return;
  file_.reset();
  std::error_code ignored;
  fs::remove(part_, ignored);
}

void SoundWriter::write(const float* const* channels, int frames) {
  const size_t start = pending_.size();
  pending_.resize(start + size_t(frames) * size_t(channels_));
  for (int i = 0; i < frames; i++)
    for (int c = 0; c < channels_; c++) pending_[start + size_t(i * channels_ + order_[size_t(c)])] = channels[c][i];
  if (pending_.size() >= kFlushSamples) flush();
}

int32_t SoundWriter::quantised(float x) {
  const double full = std::ldexp(1.0, bits() - 1);
  const double step = std::floor(double(x) * full + dither_.next() + 0.5);
  // libsndfile takes the upper bits of an int32.
  return int32_t(std::clamp(step, -full, full - 1)) * (1 << (32 - bits()));
}

void SoundWriter::flush() {
  const sf_count_t count = sf_count_t(pending_.size());
  sf_count_t written;
  if (format_ == FileFormat::floating) {
    written = sf_write_float(file_.get(), pending_.data(), count);
  } else {
    whole_.resize(pending_.size());
    std::transform(pending_.begin(), pending_.end(), whole_.begin(),
                   [this](float x) { return quantised(x); });
    written = sf_write_int(file_.get(), whole_.data(), count);
  }
  if (written != count && failure_.empty()) failure_ = sf_strerror(file_.get());
  pending_.clear();
}

Problems SoundWriter::close() {
  if (!pending_.empty()) flush();
  const int error = sf_close(file_.release());
  if (error && failure_.empty()) failure_ = sf_error_number(error);
  std::error_code renamed;
  if (failure_.empty()) fs::rename(part_, path_, renamed);
  if (renamed) failure_ = renamed.message();
  if (failure_.empty()) return {};
  return {{path_, "could not be written: " + failure_, "is the disk full?"}};
}

Result<std::unique_ptr<SoundReader>> SoundReader::open(const std::string& path) {
  std::unique_ptr<SoundReader> reader(new SoundReader);
  reader->file_.reset(sf_open(path.c_str(), SFM_READ, &reader->info_));
  if (!reader->file_)
    return Problem{path, std::string("can't be read: ") + sf_strerror(nullptr),
                   "a sound file that libsndfile knows: WAV, FLAC, AIFF, Ogg ..."};
  if (reader->channels() <= kMostChannels) reader->format_ = format_in_file(reader->file_.get(), reader->channels(), reader->order_);
  return reader;
}

}  // namespace mixgraph
