#include "report_commands.hpp"

namespace cachesite::tool {

Exit metrics(const ComponentSite& site, bool in_place) {
  print(prometheus_text(site, {.parts = in_place}));
  return Exit::done;
}

Exit information(const ComponentSite& site) {
  print_json(information_report(site));
  return Exit::done;
}

}  // namespace cachesite::tool
