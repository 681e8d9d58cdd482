#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

namespace mixgraph {

struct NodeType;

/// What a type that was made at run time belongs to, with all that its table names. It goes when nothing names the type any more:
/// a library, a document, an instance, an undo, a scene, a journal (graph/type_library.h).
class TypeOwner {
 public:
  TypeOwner() = default;
  TypeOwner(const TypeOwner&) = delete;
  TypeOwner& operator=(const TypeOwner&) = delete;
  virtual ~TypeOwner() = default;

 private:
  friend class TypeRef;
  std::atomic<uint32_t> names_{0};
};

/// Names a node type, and keeps it. To name one that is there for good, as those in nodes/ are, costs nothing. Never let go of
/// on the audio thread. [any]
class TypeRef {
 public:
  TypeRef(const NodeType* type = nullptr);
  TypeRef(const TypeRef& other) : TypeRef(other.type_) {}
  TypeRef(TypeRef&& other) noexcept : type_(std::exchange(other.type_, nullptr)) {}
  TypeRef& operator=(TypeRef other) noexcept {
    std::swap(type_, other.type_);
    return *this;
  }
  ~TypeRef();
  operator const NodeType*() const { return type_; }
  const NodeType* operator->() const { return type_; }
  const NodeType& operator*() const { return *type_; }
  bool operator==(const TypeRef& other) const { return type_ == other.type_; }
  bool operator==(const NodeType* other) const { return type_ == other; }

 private:
  const NodeType* type_;
};

}  // namespace mixgraph

template <>
struct std::hash<mixgraph::TypeRef> {
  size_t operator()(const mixgraph::TypeRef& type) const { return std::hash<const mixgraph::NodeType*>()(type); }
};
