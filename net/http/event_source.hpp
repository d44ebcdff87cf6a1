// A body that goes on for as long as somebody reads it: what a stream is to the connection that it runs on.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace leadlight::net {

/// Thread: that of the connection, all of it.
class EventSource {
 public:
  EventSource() = default;
  EventSource(const EventSource&) = delete;
  EventSource& operator=(const EventSource&) = delete;
  virtual ~EventSource() = default;

  /// The connection is there. `wake` says that there is more to read; it may be called on any thread, holds up nobody,
  /// and does nothing once the connection is gone.
  virtual void open(std::function<void()> wake) = 0;

  enum class State : std::uint8_t { open, over };
  /// Appends what there is, some 64 KiB at a time; nothing: wait for `wake`.
  virtual State read(std::string& out) = 0;
  /// Appends what shows that the stream is alive when there is nothing else to say, unless it is over.
  virtual State beat(std::string& out) = 0;

  enum class End : std::uint8_t {
    gone,      // the reader has left
    stalled,   // the reader takes nothing
    draining,  // the server stops
    over,      // `read` said so
  };
  /// The last call.
  virtual void close(End end) = 0;
};

}  // namespace leadlight::net
