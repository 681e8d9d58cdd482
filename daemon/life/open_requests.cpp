#include "daemon/life/open_requests.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "daemon/osc/osc.h"

namespace mixgraph {
namespace {

void add(std::vector<uint8_t>& bytes, const OpenRequest& request) {
  const auto record = osc::encode(osc::Message{
      "/request",
      {request.from.address, int32_t(request.from.port), int32_t(request.from.socket), request.role,
       int32_t(request.confirmed), request.due_ns, osc::Blob{request.packet}}});
  const auto size = uint32_t(record.size());
  const auto* first = reinterpret_cast<const uint8_t*>(&size);
  bytes.insert(bytes.end(), first, first + sizeof size);
  bytes.insert(bytes.end(), record.begin(), record.end());
}

std::optional<OpenRequest> request_of(std::span<const uint8_t> record) {
  const auto packet = osc::decode(record);
  const auto* message = packet ? std::get_if<osc::Message>(&*packet) : nullptr;
  if (!message || osc::type_tags(*message) != ",siisihb") return {};
  const auto& arguments = message->arguments;
  return OpenRequest{{std::get<std::string>(arguments[0]), uint16_t(std::get<int32_t>(arguments[1])),
                      size_t(std::get<int32_t>(arguments[2]))},
                     std::get<std::string>(arguments[3]), std::get<int32_t>(arguments[4]) != 0,
                     std::get<int64_t>(arguments[5]), std::get<osc::Blob>(arguments[6]).bytes};
}

}  // namespace

OpenRequests::OpenRequests(int inherited)
    : descriptor_(inherited >= 0 ? inherited : memfd_create("mixgraph-requests", MFD_CLOEXEC)) {
  if (inherited >= 0) fcntl(descriptor_, F_SETFD, FD_CLOEXEC);
}

std::vector<OpenRequest> OpenRequests::read() const {
  struct stat status {};
  if (descriptor_ < 0 || fstat(descriptor_, &status) != 0) return {};
  std::vector<uint8_t> bytes(size_t(status.st_size));
  if (pread(descriptor_, bytes.data(), bytes.size(), 0) != ssize_t(bytes.size())) return {};
  std::vector<OpenRequest> requests;
  std::span<const uint8_t> rest = bytes;
  for (uint32_t size = 0; rest.size() >= sizeof size;) {
    std::memcpy(&size, rest.data(), sizeof size);
    rest = rest.subspan(sizeof size);
    if (size > rest.size()) break;
    auto request = request_of(rest.first(size));
    if (!request) break;
    requests.push_back(std::move(*request));
    rest = rest.subspan(size);
  }
  return requests;
}

void OpenRequests::write(const std::vector<OpenRequest>& requests) {
  if (descriptor_ < 0) return;
  std::vector<uint8_t> bytes;
  for (const OpenRequest& request : requests) add(bytes, request);
  if (ftruncate(descriptor_, 0) != 0) return;
  if (pwrite(descriptor_, bytes.data(), bytes.size(), 0) < 0) return;
}

}  // namespace mixgraph
