#include "answer.hpp"
#include "command_line.hpp"
#include "terminal.hpp"

#include <cachesite/problem.hpp>
#include <cachesite/site.hpp>
#include <cachesite/tool_main.hpp>

#include <cstdio>
#include <exception>

namespace cachesite {

namespace {

// What ends a run early, as the exit status.
int report(const std::exception& error) {
  if (dynamic_cast<const LoadError*>(&error)) {
    tool::print_problems(error.what(), stderr);
    return tool::Exit::invalid_configuration;
  }
  tool::complain(error.what());
  return dynamic_cast<const ComponentNotFound*>(&error) ? tool::Exit::usage : tool::Exit::backend_failed;
}

}  // namespace

int tool_main(int count, char** words, const Catalog& catalog) noexcept {
  try {
    tool::keep_standard_streams();
    tool::call_program(count > 0 ? words[0] : "cachesite");
    const auto status = tool::CommandLine(catalog).run(count, words);
    tool::finish_output();
    return status;
  } catch (const std::exception& error) {
    return report(error);
  }
}

}  // namespace cachesite
