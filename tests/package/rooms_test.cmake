cmake_minimum_required(VERSION 3.22)
# The rules of the rooms and of the floors in them, checked on the text: who may include whom, no third-party header in a public
# one, no circle, and what knows forked children.
set(third_party "hiredis|yaml-cpp|nlohmann|toml|openssl|spdlog|fmt|boost|CLI|zlib|zstd|lz4")
set(wrong "")

# forbid(<glob> <regular expression of forbidden include names> <reason>)
function(forbid glob pattern reason)
  file(GLOB_RECURSE files ${SOURCE}/${glob})
  foreach(file IN LISTS files)
    file(STRINGS ${file} includes REGEX "^#include")
    foreach(line IN LISTS includes)
      if(line MATCHES "<spdlog/" AND file MATCHES "/cachesite/spdlog_logger.hpp$")
        continue()  # which programs include that have spdlog
      endif()
      if(line MATCHES "<boost/asio/" AND file MATCHES "/cachesite/boost_asio.hpp$")
        continue()  # which programs include that have Boost.Asio
      endif()
      if(line MATCHES "[<\"](${pattern})")
        file(RELATIVE_PATH name ${SOURCE} ${file})
        set(wrong "${wrong}${name}: ${line}  (${reason})\n" PARENT_SCOPE)
        set(wrong "${wrong}${name}: ${line}  (${reason})\n")
      endif()
    endforeach()
  endforeach()
endfunction()

forbid(interfaces/*.hpp "(${third_party})" "interfaces use the standard library only")
forbid(implements/cachesite/*.hpp "(${third_party})" "no third-party type in a public header")
forbid(loaders/cachesite/*.hpp "(${third_party})" "no third-party type in a public header")
forbid(implements/*.?pp "(yaml-cpp|nlohmann|toml|boost|CLI)" "only loaders see the parsers")
forbid(loaders/*.?pp "(hiredis|openssl|spdlog|zlib|zstd|lz4|memory/|redis/|site/|binding/|codecs/)" "loaders use the public headers of implements")
forbid(tools/*.?pp "(memory/|redis/|site/|binding/|codecs/|yaml/|json/|hiredis|yaml-cpp|nlohmann|toml)" "tools use the public API only")
forbid(examples/*.?pp "(memory/|redis/|site/|binding/|codecs/|hiredis|yaml-cpp|nlohmann|toml)" "examples use the public API only")

# A room includes no header of a room below it.
file(GLOB implements_headers RELATIVE ${SOURCE}/implements ${SOURCE}/implements/cachesite/*.hpp)
file(GLOB loaders_headers RELATIVE ${SOURCE}/loaders ${SOURCE}/loaders/cachesite/*.hpp)
string(REPLACE ";" "|" implements_pattern "${implements_headers}")
string(REPLACE ";" "|" loaders_pattern "${loaders_headers}")
forbid(interfaces/*.hpp "(${implements_pattern}|${loaders_pattern})" "interfaces know nobody")
forbid(implements/*.?pp "(${loaders_pattern})" "implements know no loader")

# The floors of implements/, from the top down: a folder, then the folders that its files include. Each of those stands above it
# in this list, so there is no circle of folders. `layers/*` is each layer for itself.
set(floors
  "interfaces:"
  "basics:"
  "binding:basics"
  "config:basics binding"
  "logging:basics"
  "codecs:basics"
  "event_loop:basics binding"
  "coroutines:basics event_loop"
  "async:interfaces basics event_loop"
  "memory/base:basics"
  "memory/log:basics memory/base"
  "memory/ordered:basics memory/base"
  "memory/engine:memory/base memory/log memory/ordered"
  "memory/objects:basics"
  "redis/base:basics"
  "redis/wire:redis/base"
  "redis/transport:basics redis/base redis/wire"
  "redis/channel:basics event_loop redis/base redis/wire redis/transport"
  "redis/endpoint:basics event_loop redis/base redis/wire redis/transport redis/channel"
  "redis/topology:basics event_loop redis/base redis/wire redis/transport redis/channel redis/endpoint"
  "redis/news:basics redis/base redis/wire redis/transport redis/channel redis/endpoint redis/topology"
  "redis/settings:basics binding event_loop redis/base redis/endpoint redis/topology"
  "redis/lent:basics redis/base redis/wire redis/transport"
  "redis/cache:basics redis/base redis/wire redis/endpoint redis/topology redis/news redis/settings"
  "redis/connection:basics redis/base redis/wire redis/endpoint redis/topology redis/news redis/settings redis/lent"
  "layers/base:basics"
  "layers/*:basics binding event_loop codecs layers/base"
  "redis_client:basics coroutines"
  "mutex:basics coroutines redis_client"
  "queue:basics coroutines redis_client"
  "rate_limit:basics binding redis_client"
  "backplane:basics redis_client"
  "telemetry:basics binding redis/base redis/transport"
  "site:basics binding"
  "reports:basics binding"
  "testing:")

set(above "")
foreach(floor IN LISTS floors)
  string(REGEX MATCH "^[^:]+" folder "${floor}")
  string(REGEX REPLACE "^[^:]+:" "" allowed "${floor}")
  separate_arguments(allowed)
  foreach(one IN LISTS allowed)
    if(NOT one IN_LIST above)
      string(APPEND wrong "the table of floors: ${folder} may include ${one}, which does not stand above it\n")
    endif()
  endforeach()
  list(APPEND above ${folder})
  set("may_include_${folder}" ${allowed})
endforeach()

file(GLOB_RECURSE sources RELATIVE ${SOURCE}/implements ${SOURCE}/implements/*.?pp)
list(FILTER sources EXCLUDE REGEX "^cachesite/")
foreach(name IN LISTS sources)
  string(REGEX REPLACE "/[^/]+$" "" folder "${name}")
  string(REGEX REPLACE "^layers/.*" "layers/*" floor "${folder}")
  if(folder STREQUAL "layers/base")
    set(floor layers/base)
  endif()
  if(NOT floor IN_LIST above)
    string(APPEND wrong "implements/${name}: its folder is not in the table of floors\n")
    continue()
  endif()
  file(STRINGS ${SOURCE}/implements/${name} includes REGEX "^#include \"")
  foreach(line IN LISTS includes)
    string(REGEX REPLACE "^#include \"(.*)/[^/]+\"" "\\1" included "${line}")
    if(NOT included STREQUAL folder AND NOT included IN_LIST may_include_${floor})
      string(APPEND wrong "implements/${name}: ${line}  (${folder} does not include ${included})\n")
    endif()
  endforeach()
endforeach()

# No circle between headers: those that include nothing left are taken away, again and again, until none is left.
set(headers "")
foreach(room interfaces implements loaders)
  file(GLOB_RECURSE found RELATIVE ${SOURCE}/${room} ${SOURCE}/${room}/*.hpp)
  foreach(name IN LISTS found)
    file(STRINGS ${SOURCE}/${room}/${name} includes REGEX "^#include [<\"][a-z0-9_/]+\\.hpp[>\"]")
    string(REGEX REPLACE "#include [<\"]([a-z0-9_/]+\\.hpp)[>\"]" "\\1" "includes_${name}" "${includes}")
    list(APPEND headers ${name})
  endforeach()
endforeach()
set(left -1)
list(LENGTH headers count)
while(NOT count EQUAL left)
  set(left ${count})
  set(remaining "")
  foreach(name IN LISTS headers)
    set(waits FALSE)
    foreach(included IN LISTS "includes_${name}")
      if(included IN_LIST headers)
        set(waits TRUE)
        break()
      endif()
    endforeach()
    if(waits)
      list(APPEND remaining ${name})
    endif()
  endforeach()
  set(headers ${remaining})
  list(LENGTH headers count)
endwhile()
if(headers)
  string(APPEND wrong "these headers include each other in a circle, or one that does: ${headers}\n")
endif()

# A forked child inherits threads, condition variables and locks; the wrappers in basics leave them alone there.
file(GLOB_RECURSE product RELATIVE ${SOURCE} ${SOURCE}/implements/*.?pp ${SOURCE}/loaders/*.?pp)
# Whose owners ask the fork mark for them, or that live no longer than one call.
set(guarded_mutexes implements/async/workers.hpp implements/redis/channel/channel.hpp implements/redis/endpoint/endpoint_meter.hpp implements/redis/transport/tls_context.hpp
                    implements/redis/topology/routed_topology.hpp
                    implements/mutex/lease_keeper.hpp implements/mutex/lock_line.hpp implements/logging/log_sink.hpp
                    implements/site/start_run.cpp implements/site/stop_worker.cpp implements/layers/write_policy/key_turns.hpp
                    implements/basics/crew.cpp
                    implements/layers/remember/failure_memory.hpp implements/layers/remember/flight_table.hpp
                    implements/layers/remember/keys_at_work.hpp implements/memory/objects/object_shard.hpp)
foreach(name IN LISTS product)
  # Nor do tests of programs fork.
  if(name MATCHES "^implements/(basics|testing|cachesite/detail/testing)/")
    continue()
  endif()
  file(READ ${SOURCE}/${name} text)
  string(REPLACE "PerProcess<std::condition_variable_any>" "" rest "${text}")
  if(rest MATCHES "std::(j?thread [a-z]|j?thread\\(|vector<std::j?thread>|condition_variable)")
    string(APPEND wrong "${name}: ${CMAKE_MATCH_0}  (basics::Thread and basics::Condition know forked children)\n")
  endif()
  if(rest MATCHES "(std::(recursive_|shared_|timed_)?mutex|LightMutex) [a-z_]+;" AND NOT rest MATCHES "ForkMark"
     AND NOT name IN_LIST guarded_mutexes)
    string(APPEND wrong "${name}: a mutex as a member  (ask a basics::ForkMark first, or take a basics::PerProcessMutex)\n")
  endif()
endforeach()

if(wrong)
  message(FATAL_ERROR "against the rules of the rooms:\n${wrong}")
endif()

# What a program may need to know stays little: its headers are counted, and the one that all read is short.
file(GLOB_RECURSE public ${SOURCE}/interfaces/cachesite/*.hpp ${SOURCE}/implements/cachesite/*.hpp)
list(FILTER public EXCLUDE REGEX "/detail/")
list(LENGTH public count)
file(READ ${SOURCE}/interfaces/cachesite/cache.hpp text)
string(REGEX MATCHALL "\n" ends "${text}")
list(LENGTH ends length)
if(count GREATER_EQUAL 100 OR length GREATER_EQUAL 220)
  message(FATAL_ERROR "${count} public headers, fewer than 100 are allowed; cache.hpp has ${length} lines, fewer than 220 are allowed")
endif()
