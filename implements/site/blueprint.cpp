#include "site/blueprint.hpp"

#include "site/complaints.hpp"
#include "site/item_reader.hpp"
#include "site/layer_order.hpp"
#include "site/secret_finder.hpp"

#include <algorithm>

namespace cachesite::site {

namespace {

bool has_lazy_components(const Document& document) {
  const Node* list = document.root.is_map() ? document.root.find("components") : &document.root;
  return list && std::any_of(list->elements.begin(), list->elements.end(),
                             [](const Node& item) { return item.find("lazy") != nullptr; });
}

std::vector<Document> to_keep(const std::vector<Document>& documents) {
  return std::any_of(documents.begin(), documents.end(), has_lazy_components) ? documents
                                                                              : std::vector<Document>();
}

std::vector<Item> read_items(const std::vector<Document>& documents, const Catalog& catalog,
                             binding::ProblemList& problems) {
  ItemReader reader(catalog, problems);
  for (std::size_t index = 0; index < documents.size(); ++index)
    reader.read(documents[index], index);
  return reader.take();
}

}  // namespace

Blueprint::Blueprint(const std::vector<Document>& documents, const Catalog& catalog)
    : kept_(to_keep(documents)),
      documents_(kept_.empty() ? documents : kept_),
      hider_([catalog](const Document& document) { return SecretFinder(catalog).find(document); }),
      problems_(hider_),
      items_(read_items(documents_, catalog, problems_)),
      composition_(documents_, catalog, items_, problems_) {
  check_options();
  check_layer_order(documents_, items_, composition_, problems_);
}

// What a configuration may still complete is checked when it is there.
void Blueprint::check_options() {
  for (const auto& item : items_) {
    if (!item.options) continue;
    if (const auto* session = item.component_class->session(item.options.get());
        session && composition_.find(IConfig::interface_name, session->config.name()))
      continue;
    problems_.enter(documents_[item.document], item.document);
    report_complaints(item, item.options.get(), problems_);
  }
}

}  // namespace cachesite::site
