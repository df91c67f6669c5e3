#pragma once

#include <cachesite/detail/document_source.hpp>
#include <cachesite/document_reader.hpp>

#include <memory>

namespace cachesite {

/// Reads files for components, within the limits of component files. With `allow_substitution`, expressions
/// such as `${env:NAME}` are replaced (see substitution.hpp); without it they are problems. For a component
/// that is made by hand; loading a component file gives all of its components such a source.
[[nodiscard]] std::shared_ptr<const IDocumentSource> file_documents(const DocumentLimits& limits = {},
                                                                    bool allow_substitution = false);

}  // namespace cachesite
