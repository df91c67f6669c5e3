#pragma once

#include "support/chaos_proxy.hpp"
#include "support/chaos_stream.hpp"
#include "support/poll_loop.hpp"
#include "support/reply_framer.hpp"
#include "support/reserved_port.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::test {

/// The thread behind a ChaosProxy: all sockets and faults, touched on its loop only.
class ChaosWorker {
 public:
  ChaosWorker(std::uint16_t server_port, std::string server_path);
  ~ChaosWorker();
  void set(Direction direction, const Faults& faults);
  void set_accepting(Accepting accepting);
  void drop_all(Cut cut);
  void inject(Direction direction, std::string_view bytes);
  void add_reply_fates(std::size_t duplicates, std::size_t omissions);
  std::uint16_t port() const { return reserved_.number(); }

  struct Counters {
    std::uint64_t accepted = 0;
    std::size_t live = 0;
    std::uint64_t closed_by_client = 0;
    std::uint64_t cuts = 0;
    std::uint64_t replies = 0;
    std::array<std::uint64_t, 2> forwarded = {};
    std::array<std::uint64_t, 2> arrived = {};
  };

  // Read between two turns of the loop: whatever a client has seen is counted.
  Counters counters();

 private:
  // sockets[0] receives what goes to the server, sockets[1] what goes to the client; streams likewise.
  struct Link {
    std::array<FileDescriptor, 2> sockets;
    std::array<ChaosStream, 2> streams;
    std::array<bool, 2> source_ended = {};
    std::array<bool, 2> source_failed = {};
    std::array<bool, 2> end_passed_on = {};
    std::array<bool, 2> blocked = {};
    bool connecting = true;
    bool finished = false;
    ReplyFramer framer;
    std::string reply;
    enum class ReplyFate { pass, twice, omit } fate = ReplyFate::pass;
    bool inside_reply = false;
  };

  void listen(int backlog) { listener_ = listen_on_loopback(reserved_.number(), backlog); }
  void prepare(PollRound& round);
  void handle(PollRound& round);
  void accept_all();
  void finish_connect(Link& link, short events);
  void receive(Link& link, std::size_t side);
  std::string with_fates(Link& link, std::string_view bytes);
  void begin_reply(Link& link);
  void pump(Link& link, std::size_t side, PollRound& round);
  void pass_end_on(Link& link, std::size_t side);
  void cut_link(Link& link, Cut cut, std::size_t side = 0);
  void close(Link& link, Cut cut);
  void sweep();

  const std::uint16_t server_port_;
  const std::string server_path_;
  ReservedPort reserved_;
  FileDescriptor listener_;
  Accepting accepting_ = Accepting::forward;
  std::array<Faults, 2> faults_;
  std::array<std::uint64_t, 2> versions_ = {};
  std::size_t duplicates_ = 0;
  std::size_t omissions_ = 0;
  std::list<Link> links_;
  std::vector<FileDescriptor> ignored_;
  std::vector<FileDescriptor> fillers_;
  Counters counters_;
  PollLoop loop_;
};

}  // namespace cachesite::test
