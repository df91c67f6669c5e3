#include "support/chaos_proxy.hpp"

#include "support/chaos_worker.hpp"
#include "support/wait_until.hpp"

namespace cachesite::test {
namespace {

constexpr std::size_t index_of(Direction direction) {
  return direction == Direction::to_server ? 0 : 1;
}

}  // namespace

ChaosProxy::ChaosProxy(std::uint16_t server_port)
    : worker_(std::make_unique<ChaosWorker>(server_port, std::string())) {}

ChaosProxy::ChaosProxy(const std::string& server_unix_socket)
    : worker_(std::make_unique<ChaosWorker>(std::uint16_t{0}, server_unix_socket)) {}

ChaosProxy::~ChaosProxy() = default;

std::uint16_t ChaosProxy::port() const {
  return worker_->port();
}

void ChaosProxy::set(Direction direction, const Faults& faults) {
  worker_->set(direction, faults);
}

void ChaosProxy::set_accepting(Accepting accepting) {
  worker_->set_accepting(accepting);
}

void ChaosProxy::pass() {
  set(Direction::to_server, Faults());
  set(Direction::to_client, Faults());
  set_accepting(Accepting::forward);
}

void ChaosProxy::vanish() {
  Faults faults;
  faults.flow = Flow::discard;
  set(Direction::to_server, faults);
  set(Direction::to_client, faults);
  set_accepting(Accepting::black_hole);
}

void ChaosProxy::duplicate_replies(std::size_t count) {
  worker_->add_reply_fates(count, 0);
}

void ChaosProxy::omit_replies(std::size_t count) {
  worker_->add_reply_fates(0, count);
}

void ChaosProxy::inject(Direction direction, std::string_view bytes) {
  worker_->inject(direction, bytes);
}

void ChaosProxy::drop_connections() {
  worker_->drop_all(Cut::reset);
}

void ChaosProxy::close_connections() {
  worker_->drop_all(Cut::close);
}

std::uint64_t ChaosProxy::accepted() const {
  return worker_->counters().accepted;
}

std::size_t ChaosProxy::live() const {
  return worker_->counters().live;
}

std::uint64_t ChaosProxy::closed_by_client() const {
  return worker_->counters().closed_by_client;
}

std::uint64_t ChaosProxy::cuts() const {
  return worker_->counters().cuts;
}

std::uint64_t ChaosProxy::bytes(Direction direction) const {
  return worker_->counters().forwarded[index_of(direction)];
}

std::uint64_t ChaosProxy::arrived(Direction direction) const {
  return worker_->counters().arrived[index_of(direction)];
}

std::uint64_t ChaosProxy::replies() const {
  return worker_->counters().replies;
}

bool ChaosProxy::wait_for_accepted(std::uint64_t count, Limit limit) const {
  return wait_until([&] { return accepted() >= count; }, limit);
}

bool ChaosProxy::wait_for_live(std::size_t count, Limit limit) const {
  return wait_until([&] { return live() == count; }, limit);
}

bool ChaosProxy::wait_for_cuts(std::uint64_t count, Limit limit) const {
  return wait_until([&] { return cuts() >= count; }, limit);
}

bool ChaosProxy::wait_for_closed_by_client(std::uint64_t count, Limit limit) const {
  return wait_until([&] { return closed_by_client() >= count; }, limit);
}

bool ChaosProxy::wait_for_bytes(Direction direction, std::uint64_t count, Limit limit) const {
  return wait_until([&] { return bytes(direction) >= count; }, limit);
}

bool ChaosProxy::wait_for_arrived(Direction direction, std::uint64_t count, Limit limit) const {
  return wait_until([&] { return arrived(direction) >= count; }, limit);
}

}  // namespace cachesite::test
