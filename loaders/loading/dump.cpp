#include <cachesite/document_writer.hpp>
#include <cachesite/dump.hpp>
#include <cachesite/site_description.hpp>

namespace cachesite {

std::string dump_component_site(const ComponentSite& site, Format format, bool reveal_secrets) {
  return write_document(describe_component_site(site, reveal_secrets), format);
}

}  // namespace cachesite
