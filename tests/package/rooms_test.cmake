cmake_minimum_required(VERSION 3.22)
# The rules of the rooms, checked on the text: who may include whom, no third-party header in a public one, and what
# knows forked children.
set(third_party "hiredis|yaml-cpp|nlohmann|toml|openssl|spdlog|fmt|boost|CLI|zlib|zstd|lz4")
set(wrong "")

# forbid(<glob> <regular expression of forbidden include names> <reason>)
function(forbid glob pattern reason)
  file(GLOB_RECURSE files ${SOURCE}/${glob})
  foreach(file IN LISTS files)
    file(STRINGS ${file} includes REGEX "^#include")
    foreach(line IN LISTS includes)
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

# Telemetry uses how Redis connections carry bytes, and nothing that speaks with Redis; nobody uses telemetry.
set(carriers redis/deadline redis/dialer redis/socket_transport redis/tls_context redis/tls_transport redis/transport
             redis/wake_signal)
file(GLOB_RECURSE sources ${SOURCE}/implements/*.?pp)
foreach(file IN LISTS sources)
  file(RELATIVE_PATH name ${SOURCE} ${file})
  file(STRINGS ${file} includes REGEX "^#include \"(redis|telemetry|memory|layers|site|codecs|mutex|queue)/")
  foreach(line IN LISTS includes)
    string(REGEX REPLACE "^#include \"([a-z_/]+)\\.hpp\"" "\\1" included "${line}")
    if(name MATCHES "^implements/telemetry/" AND NOT included MATCHES "^telemetry/" AND NOT included IN_LIST carriers)
      string(APPEND wrong "${name}: ${line}  (telemetry sees hooks, statistics and the transport only)\n")
    elseif(included MATCHES "^telemetry/" AND NOT name MATCHES "^implements/telemetry/")
      string(APPEND wrong "${name}: ${line}  (telemetry is used through its public headers)\n")
    endif()
  endforeach()
endforeach()

# A forked child inherits threads, condition variables and locks; the wrappers in basics leave them alone there.
file(GLOB_RECURSE product RELATIVE ${SOURCE} ${SOURCE}/implements/*.?pp ${SOURCE}/loaders/*.?pp)
# Whose owners ask the fork mark for them, or that live no longer than one call.
set(guarded_mutexes implements/redis/channel.hpp implements/redis/endpoint_meter.hpp implements/redis/tls_context.hpp
                    implements/redis/cluster_topology.hpp implements/redis/sentinel_topology.hpp
                    implements/mutex/lease_keeper.hpp implements/mutex/lock_line.hpp implements/logging/log_sink.hpp
                    implements/site/start_run.cpp implements/site/stop_worker.cpp implements/layers/key_turns.hpp
                    implements/layers/remember/flight_table.hpp)
foreach(name IN LISTS product)
  if(name MATCHES "^implements/basics/")
    continue()
  endif()
  file(READ ${SOURCE}/${name} text)
  string(REPLACE "PerProcess<std::condition_variable_any>" "" rest "${text}")
  if(rest MATCHES "std::(j?thread [a-z]|j?thread\\(|vector<std::j?thread>|condition_variable)")
    string(APPEND wrong "${name}: ${CMAKE_MATCH_0}  (basics::Thread and basics::Condition know forked children)\n")
  endif()
  if(rest MATCHES "std::(recursive_|shared_|timed_)?mutex [a-z_]+;" AND NOT rest MATCHES "ForkMark"
     AND NOT name IN_LIST guarded_mutexes)
    string(APPEND wrong "${name}: a mutex as a member  (ask a basics::ForkMark first, or take a basics::PerProcessMutex)\n")
  endif()
endforeach()

if(wrong)
  message(FATAL_ERROR "against the rules of the rooms:\n${wrong}")
endif()
