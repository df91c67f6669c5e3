#include "redis/transport/login.hpp"

#include "redis/wire/command.hpp"
#include "redis/wire/pipeline_state.hpp"
#include "redis/wire/request_slot.hpp"
#include "redis/wire/server_text.hpp"

#include <algorithm>
#include <array>
#include <list>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::redis {

namespace {

// Whether a server that says so would answer every other command in the same way. One that cannot save its
// data, for instance, says MISCONF to PING and serves reads; one that has no CLIENT or PING may have all
// else.
bool turns_away(std::string_view error) {
  constexpr std::array<std::string_view, 7> refusals{"LOADING ",
                                                     "MASTERDOWN ",
                                                     "NOAUTH ",
                                                     "WRONGPASS ",
                                                     "DENIED ",
                                                     "ERR max number of clients",
                                                     "ERR operation not permitted"};
  return std::any_of(refusals.begin(), refusals.end(),
                     [&](std::string_view beginning) { return error.starts_with(beginning); });
}

class LoginDialog {
 public:
  LoginDialog(Transport& transport, std::string_view secret, FrameLimits limits)
      : transport_(transport), secret_(secret), pipeline_(limits) {}

  void ask(std::initializer_list<std::string_view> words, ReplyKind expected = ReplyKind::status) {
    std::vector<Argument> arguments;
    for (const auto word : words)
      arguments.push_back({word});
    RequestSlot& slot = slots_.emplace_back();
    slot.expected = static_cast<ReplyKinds>(expected);
    slot.output.add({arguments, slot.expected, false});
    pipeline_.admit(&slot);
  }

  // Asks for what nothing depends on: the answer is a sign of life, whatever it says.
  void ask_dispensable(std::initializer_list<std::string_view> words) {
    ask(words);
    dispensable_.insert(&slots_.back());
  }

  std::optional<Error> run(TimePoint deadline) {
    while (pipeline_.awaiting()) {
      const bool writes = pipeline_.has_output();
      if (writes) {
        std::array<iovec, 8> pieces;
        const auto count = pipeline_.output(pieces);
        const auto sent = transport_.send(std::span<const iovec>(pieces.data(), count));
        if (sent.status == Transport::Status::ok) {
          pipeline_.wrote(sent.count);
          continue;
        }
        if (sent.status != Transport::Status::again) return broken(sent.status);
      }
      std::array<iovec, 2> places;
      const auto count = pipeline_.input_room(places);
      const auto received =
          transport_.receive(std::span<const iovec>(places.data(), count), Transport::Patience::none);
      if (received.status == Transport::Status::ok) {
        if (!pipeline_.received(received.count)) return answer().value_or(*pipeline_.failure());
        if (auto refused = answer()) return refused;
      } else if (received.status != Transport::Status::again) {
        return broken(received.status);
      } else if (transport_.wait(writes, deadline) == Transport::Waiting::timed_out) {
        return Error(ErrorCode::timeout, "connected, but no answer within the time for connecting");
      }
    }
    return std::nullopt;
  }

  /// The first word of the only answer that is a list.
  std::string_view list_head() const {
    for (const auto& slot : slots_)
      if (slot.reply.kind == ReplyKind::array && !slot.reply.elements.empty())
        return slot.reply.elements.front().text();
    return {};
  }

 private:
  // An error among the answers so far.
  std::optional<Error> answer() {
    for (const auto& slot : slots_) {
      if (slot.reply.kind != ReplyKind::error) continue;
      const auto text = slot.reply.text();
      if (dispensable_.contains(&slot) && !turns_away(text)) continue;
      const bool not_yet = text.starts_with("LOADING ") || text.starts_with("MASTERDOWN ");
      return Error(not_yet ? ErrorCode::unreachable : ErrorCode::refused,
                   readable_server_error(without_secret(text)));
    }
    return std::nullopt;
  }

  // Whoever answers may repeat what it was sent.
  std::string without_secret(std::string_view text) const {
    std::string result(text);
    // In the usual text a mask would tell a secret that is one of its words.
    if (secret_.empty() || text == "WRONGPASS invalid username-password pair or user is disabled.")
      return result;
    for (auto found = result.find(secret_); found != std::string::npos;
         found = result.find(secret_, found + Secret::mask.size()))
      result.replace(found, secret_.size(), Secret::mask);
    return result;
  }

  std::optional<Error> broken(Transport::Status status) {
    if (status == Transport::Status::ended)
      return Error(ErrorCode::unreachable, "the server closed the connection");
    return Error(transport_.problem_code(), transport_.problem());
  }

  Transport& transport_;
  const std::string_view secret_;
  PipelineState pipeline_;
  std::list<RequestSlot> slots_;
  std::set<const RequestSlot*> dispensable_;
};

}  // namespace

LoginOutcome log_in(Transport& transport, const LoginOptions& login, FrameLimits limits, TimePoint deadline) {
  LoginDialog dialog(transport, login.password.reveal(), limits);
  if (!login.username.empty())
    dialog.ask({"AUTH", login.username, login.password.reveal()});
  else if (!login.password.empty())
    dialog.ask({"AUTH", login.password.reveal()});
  if (!login.client_name.empty()) dialog.ask_dispensable({"CLIENT", "SETNAME", login.client_name});
  if (login.database != 0) dialog.ask({"SELECT", std::to_string(login.database)});
  if (login.reads_from_replica) dialog.ask({"READONLY"});
  if (login.requires_master) dialog.ask({"ROLE"}, ReplyKind::array);
  dialog.ask_dispensable({"PING"});
  if (auto error = dialog.run(deadline)) return {std::move(error)};
  if (!login.requires_master || dialog.list_head() == "master") return {};
  return {Error(ErrorCode::unreachable, "the server is not the master"), true};
}

}  // namespace cachesite::redis
