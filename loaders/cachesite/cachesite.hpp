#pragma once

/// Everything that a program needs: the site and its loading, the cache interface, the built-in classes, and what
/// it takes to write a component of one's own. Each header can also be included by itself.

#include <cachesite/cache.hpp>
#include <cachesite/catalog.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/component_site.hpp>
#include <cachesite/console_logger.hpp>
#include <cachesite/document_writer.hpp>
#include <cachesite/load.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/null_cache.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/problem_text.hpp>
#include <cachesite/redis_cache.hpp>
#include <cachesite/site_builder.hpp>
#include <cachesite/units.hpp>
