#include "graph/type_library.h"

#include <algorithm>

namespace mixgraph {

TypeRef::TypeRef(const NodeType* type) : type_(type) {
  if (type_ && type_->owner) type_->owner->names_.fetch_add(1, std::memory_order_relaxed);
}
TypeRef::~TypeRef() {
  if (type_ && type_->owner && type_->owner->names_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete type_->owner;
}

TypeLibrary::TypeLibrary(const NodeTypes& fixed) : fixed_(fixed.begin(), fixed.end()) {}

Result<uint32_t> TypeLibrary::add(std::unique_ptr<MadeType> made) {
  const std::string id(made->type.id);
  const NodeTypes known = types();
  if (std::any_of(known.begin(), known.end(), [&](const NodeType* t) { return t->id == id; })) return Problem{id, "there is a node type of this name", "another one"};
  if (!is_sound(made->type)) return Problem{id, "isn't a sound node type", "what is_sound() in graph/node.h asks for"};
  made_.emplace(next_, &made.release()->type);
  return next_++;
}

bool TypeLibrary::drop(uint32_t number) { return made_.erase(number) > 0; }

const NodeType* TypeLibrary::find(uint32_t number) const {
  const auto found = made_.find(number);
  return found == made_.end() ? nullptr : &*found->second;
}

NodeTypes TypeLibrary::types() const {
  struct Kept {
    std::vector<TypeRef> made;
    std::vector<const NodeType*> list;
  };
  const auto kept = std::make_shared<Kept>();
  kept->list = fixed_;
  for (const auto& [number, type] : made_) kept->made.push_back(type), kept->list.push_back(type);
  return {kept->list, kept};
}

}  // namespace mixgraph
