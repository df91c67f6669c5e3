#include "report_commands.hpp"

namespace cachesite::tool {

Exit metrics(const ComponentSite& site, bool parts, bool json) {
  if (json) return information(site);
  print(prometheus_text(site, {.parts = parts}));
  return Exit::done;
}

Exit information(const ComponentSite& site) {
  print_json(information_report(site));
  return Exit::done;
}

}  // namespace cachesite::tool
