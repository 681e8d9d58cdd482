#pragma once
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace mixgraph {

/// What is wrong with somebody's input: where it is (file:line:column, an OSC address, a path), what is wrong
/// there, and what would be accepted.
struct Problem {
  std::string where;
  std::string what;
  std::string hint;

  /// One line: "where: what; hint".
  std::string text() const {
    std::string line = where.empty() ? what : where + ": " + what;
    return hint.empty() ? line : line + "; " + hint;
  }
  bool operator==(const Problem&) const = default;
};

using Problems = std::vector<Problem>;

/// A value, or all the problems that prevented it. For anybody's input; our own bugs are asserts.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Problem problem) : value_(Problems{std::move(problem)}) {}
  Result(Problems problems) : value_(std::move(problems)) {}

  explicit operator bool() const { return std::holds_alternative<T>(value_); }
  T& operator*() { return std::get<T>(value_); }
  const T& operator*() const { return std::get<T>(value_); }
  T* operator->() { return &std::get<T>(value_); }
  const T* operator->() const { return &std::get<T>(value_); }
  const Problems& problems() const { return std::get<Problems>(value_); }

 private:
  std::variant<T, Problems> value_;
};

}  // namespace mixgraph
