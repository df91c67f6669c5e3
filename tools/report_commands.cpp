#include "report_commands.hpp"

#include "exposition_json.hpp"

namespace cachesite::tool {

Exit metrics(const ComponentSite& site, bool parts, bool json) {
  const auto text = prometheus_text(site, {.parts = parts});
  if (json)
    print_json(json_of_exposition(text));
  else
    print(text);
  return Exit::done;
}

Exit information(const ComponentSite& site) {
  print_json(information_report(site));
  return Exit::done;
}

}  // namespace cachesite::tool
