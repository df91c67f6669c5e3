#include <cachesite/document_writer.hpp>
#include <cachesite/dump.hpp>
#include <cachesite/site_reports.hpp>

#include <utility>

namespace cachesite {

std::string dump_component_site(const ComponentSite& site, Format format, bool reveal_secrets) {
  Node list = describe_component_site(site, reveal_secrets);
  if (format != Format::toml) return write_document(list, format);
  Node root;
  root.kind = Node::Kind::map;
  root.members.push_back({"components", {}, 0, std::move(list)});
  return write_document(root, format);
}

}  // namespace cachesite
