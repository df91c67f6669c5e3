// What others change while a value is computed above the tiers.

#include "unit/layers/tiered/backplane_tiers.hpp"
#include "unit/layers/tiered/coherent_tiers.hpp"

#include <cachesite/async_remember.hpp>
#include <cachesite/prefix_cache.hpp>
#include <cachesite/remember_cache.hpp>
#include <cachesite/tagged_cache.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

struct Computing {
  explicit Computing(const std::string& prefix = {}) {
    std::shared_ptr<ICache> below = tiers.cache;
    if (!prefix.empty()) {
      PrefixCacheOptions options;
      options.over = Reference<ICache>(below);
      options.prefix = prefix;
      below = std::make_shared<PrefixCache>(options);
    }
    RememberCacheOptions options;
    options.over = Reference<ICache>(below);
    cache = std::make_shared<RememberCache>(options, tiers.context);
  }

  // What is stored after a computation, during which this happens.
  std::string stored_after(const std::function<void()>& meanwhile, bool refresh = false) {
    Computation computation;
    computation.refresh = refresh;
    computation.factory = [&]() -> Result<Computed> {
      meanwhile();
      return Computed{"computed", {}};
    };
    const auto made = cache->remember("key", 1h, computation);
    BOOST_TEST(made.hit());
    BOOST_TEST(made.value().text() == "computed");
    tiers.store->hear_all();
    const auto found = cache->get("key");
    return found.hit() ? std::string(found.value().text()) : "nothing";
  }

  CoherentTiers tiers;
  std::shared_ptr<RememberCache> cache;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(computations_and_news)

BOOST_AUTO_TEST_CASE(a_value_is_not_stored_when_news_named_its_key_while_it_was_computed) {
  Computing written;
  auto& store = *written.tiers.store;
  BOOST_TEST(written.stored_after([&] {
    store.foreign_write("key", "newer");
    store.hear_all();
  }) == "newer");

  Computing removed;
  auto& other = *removed.tiers.store;
  BOOST_TEST(other.foreign_write("key", "old"));
  BOOST_TEST(removed.stored_after(
                 [&] {
                   other.foreign_remove("key");
                   other.hear_all();
                 },
                 true) == "nothing");
}

BOOST_AUTO_TEST_CASE(nor_when_everything_was_removed_or_news_were_missed) {
  Computing flushed;
  BOOST_TEST(flushed.stored_after([&] {
    flushed.tiers.store->foreign_flush();
    flushed.tiers.store->hear_all();
  }) == "nothing");

  Computing missed;
  BOOST_TEST(missed.stored_after([&] {
    missed.tiers.store->lose();
    missed.tiers.store->open();
  }) == "nothing");
}

BOOST_AUTO_TEST_CASE(news_of_other_keys_and_of_what_was_before_end_no_computation) {
  Computing other;
  BOOST_TEST(other.stored_after([&] {
    other.tiers.store->foreign_write("other", "1");
    other.tiers.store->hear_all();
  }) == "computed");

  // As the end of an entry, which its server tells when the entry is looked for.
  Computing ended;
  ended.tiers.store->tell("key");
  BOOST_TEST(ended.stored_after([] {}) == "computed");
  BOOST_TEST(ended.tiers.store->fences == 1);
}

BOOST_AUTO_TEST_CASE(a_stale_value_in_an_envelope_is_not_returned_once_news_have_told_of_its_removal) {
  CoherentTiers tiers;
  auto& store = *tiers.store;
  RememberCacheOptions options;
  options.over = Reference<ICache>(std::shared_ptr<ICache>(tiers.cache));
  options.form = ValueForm::envelope;
  options.stale.keep = 1h;
  RememberCache cache(options, tiers.context);
  for (const bool removed : {false, true}) {
    BOOST_TEST(cache.write("key", "old", 1min).ok());
    store.hear_all();
    tiers.clock->advance(61s);
    store.prove();
    const auto found = cache.remember("key", 1min, [&]() -> Result<std::string> {
      if (removed) store.foreign_remove("key");
      store.hear_all();
      return Error(ErrorCode::unreachable);
    });
    BOOST_TEST(found.stale() == !removed);
  }
}

BOOST_AUTO_TEST_CASE(in_a_gap_what_the_store_has_goes_before_an_older_copy_in_memory) {
  CoherentTiers tiers;
  const auto over = [&](const std::shared_ptr<ICache>& below) {
    RememberCacheOptions options;
    options.over = Reference<ICache>(below);
    options.form = ValueForm::envelope;
    options.stale.keep = 1h;
    return std::make_unique<RememberCache>(options, tiers.context);
  };
  const auto cache = over(tiers.cache);
  const auto other = over(tiers.store->below());
  BOOST_TEST(other->write("key", "first", 1min).ok());
  BOOST_TEST(cache->get("key").hit());
  tiers.store->lose();
  BOOST_TEST(other->write("key", "second", 1min).ok());
  tiers.clock->advance(61s);
  const auto found = cache->remember("key", 1min, [] { return Error(ErrorCode::unreachable); });
  BOOST_TEST(found.stale());
  BOOST_TEST(found.value().text() == "second");
  tiers.clock->advance(2s);
  std::string given;
  const auto same = cache->remember("key", 1min, [&](const ComputeContext& context) {
    if (context.stale != nullptr) given = context.stale->text();
    return NotModified{};
  });
  BOOST_TEST(given == "second");
  BOOST_TEST(same.value().text() == "second");
  BOOST_TEST(other->get("key").value().text() == "second");
}

BOOST_AUTO_TEST_CASE(without_news_values_are_stored_as_ever) {
  Computing gap;
  gap.tiers.store->lose();
  BOOST_TEST(gap.stored_after([] {}) == "computed");
  BOOST_TEST(gap.tiers.store->fences == 0);
  BOOST_TEST(gap.cache->remove("key").value());
  BOOST_TEST(gap.stored_after([&] { gap.tiers.store->open(); }) == "computed");
}

BOOST_AUTO_TEST_CASE(a_caller_who_comes_after_the_news_does_not_get_what_was_begun_before) {
  Computing computing;
  std::string inner;
  BOOST_TEST(computing.stored_after([&] {
    computing.tiers.store->tell("key");
    computing.tiers.store->hear_all();
    // Would be circular if it waited for the computation around it.
    const auto later = computing.cache->remember("key", 1h, [] { return std::string("later"); });
    inner = later.ok() ? std::string(later.value().text()) : "failed";
  }) == "later");
  BOOST_TEST(inner == "later");
}

BOOST_AUTO_TEST_CASE(keys_are_known_through_a_prefix) {
  Computing computing("shop:");
  auto& store = *computing.tiers.store;
  BOOST_TEST(computing.stored_after([&] {
    store.foreign_write("key", "another");
    store.hear_all();
  }) == "computed");
  BOOST_TEST(computing.cache->remove("key").value());
  BOOST_TEST(computing.stored_after([&] {
    store.foreign_write("shop:key", "newer");
    store.hear_all();
  }) == "newer");
}

BOOST_AUTO_TEST_CASE(of_a_batch_only_what_news_named_is_not_stored) {
  Computing computing;
  auto& store = *computing.tiers.store;
  const std::array<std::string_view, 2> keys{"a", "b"};
  std::vector<Lookup> made(2);
  ManyComputation many;
  many.factory = [&](std::span<const std::string_view> missing, std::span<Result<Computed>> results) {
    BOOST_TEST(missing.size() == 2U);
    for (auto& result : results)
      result = Computed{"computed", {}};
    store.foreign_write("a", "newer");
    store.hear_all();
  };
  computing.cache->remember_many(keys, 1h, many, made);
  store.hear_all();
  for (const auto& each : made)
    BOOST_TEST(each.value().text() == "computed");
  BOOST_TEST(computing.cache->get("a").value().text() == "newer");
  BOOST_TEST(computing.cache->get("b").value().text() == "computed");
}

BOOST_AUTO_TEST_CASE(nor_is_what_has_a_tag_that_another_process_has_evicted) {
  for (const std::string prefix : {"", "shop:"}) {
    CoherentTiers tiers;
    const auto tagged_over = [&](const std::shared_ptr<ICache>& store) {
      PrefixCacheOptions prefixed;
      prefixed.over = Reference<ICache>(store);
      prefixed.prefix = prefix;
      TaggedCacheOptions options;
      options.over = Reference<ICache>(std::shared_ptr<ICache>(std::make_shared<PrefixCache>(prefixed)));
      return std::make_shared<TaggedCache>(options);
    };
    const auto other = tagged_over(tiers.store);
    RememberCacheOptions options;
    options.over = Reference<ICache>(std::shared_ptr<ICache>(tagged_over(tiers.cache)));
    RememberCache cache(options, tiers.context);
    const auto stored_after = [&](const std::function<void()>& meanwhile) {
      Computation computation;
      computation.tags = {"t"};
      computation.factory = [&]() -> Result<Computed> {
        meanwhile();
        tiers.store->hear_all();
        return Computed{"computed"};
      };
      BOOST_TEST(cache.remember("key", 1h, computation).hit());
      return cache.get("key").hit();
    };
    BOOST_TEST(other->write_tagged("another", "v", 1h, {"t"}).ok());
    BOOST_TEST(!stored_after([&] { BOOST_TEST(other->evict_tags({"t"}).value() == 1U); }));
    BOOST_TEST(other->write_tagged("another", "v", 2h, {"u"}).ok());
    BOOST_TEST(stored_after([&] { BOOST_TEST(other->evict_tags({"u"}).value() == 1U); }));
  }
}

BOOST_AUTO_TEST_CASE(a_coroutine_s_factory_is_outdated_by_news_too) {
  Computing computing;
  auto& store = *computing.tiers.store;
  store.tell("key");
  const auto made = computing.cache
                        ->async_remember("key", 1h,
                                         [&] {
                                           store.foreign_write("key", "newer");
                                           store.hear_all();
                                           return std::string("computed");
                                         })
                        .wait();
  BOOST_TEST(made.value().text() == "computed");
  BOOST_TEST(computing.cache->get("key").value().text() == "newer");
}

BOOST_AUTO_TEST_CASE(news_after_the_end_of_the_layer_reach_nobody) {
  Computing computing;
  computing.cache.reset();
  BOOST_TEST(computing.tiers.store->foreign_write("key", "1"));
  computing.tiers.store->hear_all();
  BOOST_TEST(computing.tiers.text("key") == "1");
}

// What was computed before the removal reaches the store after it.
BOOST_AUTO_TEST_CASE(a_change_of_another_process_counts_too_while_a_value_is_being_stored) {
  for (const bool batch : {false, true}) {
    BackplaneTiers tiers;
    RememberCacheOptions options;
    options.over = Reference<ICache>(std::static_pointer_cast<ICache>(tiers.cache));
    RememberCache cache(options, tiers.context);
    const auto meanwhile = [&] {
      tiers.store->before_call = [&] { (void)tiers.other->remove("key"); };
      tiers.store->after_call = [&] { tiers.bus->hear_all(); };
    };
    const std::array<std::string_view, 1> keys{"key"};
    std::array<Lookup, 1> made;
    if (batch)
      cache.remember_many(
          keys, 1h,
          [&](auto, auto results) {
            meanwhile();
            results[0] = Computed{"computed"};
          },
          made);
    else
      made[0] = cache.remember("key", 1h, [&] {
        meanwhile();
        return std::string("computed");
      });
    BOOST_TEST(made[0].value().text() == "computed");
    BOOST_TEST(!tiers.store->after_call);
    BOOST_TEST(!tiers.store->below()->get("key").hit());
  }
}

// The news of it come while a second look at the entry is on its way.
BOOST_AUTO_TEST_CASE(and_just_before_it_is_stored) {
  CoherentTiers tiers;
  auto& store = *tiers.store;
  RememberCacheOptions options;
  options.over = Reference<ICache>(std::shared_ptr<ICache>(tiers.cache));
  options.form = ValueForm::envelope;
  options.stale.keep = 1h;
  RememberCache cache(options, tiers.context);
  BOOST_TEST(cache.write("key", "old", 1min).ok());
  store.hear_all();
  tiers.clock->advance(61s);
  store.prove();
  (void)cache.remember("key", 1min, [&] {
    (void)tiers.cache->forget_near("key");
    store.after_call = [&] {
      store.foreign_write("key", "theirs");
      store.hear_all();
    };
    return std::string("computed");
  });
  BOOST_TEST(!store.after_call);
  store.hear_all();
  BOOST_TEST(cache.get("key").value().text() == "theirs");
}

BOOST_AUTO_TEST_CASE(a_gap_that_a_backplane_bridges_is_one_for_computations_too) {
  const auto stored_after = [](BackplaneTiers& tiers, const std::function<void()>& meanwhile) {
    RememberCacheOptions options;
    options.over = Reference<ICache>(std::static_pointer_cast<ICache>(tiers.cache));
    RememberCache cache(options, tiers.context);
    BOOST_TEST(cache
                   .remember("key", 1h,
                             [&] {
                               meanwhile();
                               return std::string("computed");
                             })
                   .hit());
    return tiers.store->below()->get("key").hit();
  };
  BackplaneTiers alone;
  BOOST_TEST(!stored_after(alone, [&] { alone.bus->miss(false); }));
  BOOST_TEST(stored_after(alone, [] {}));
  BackplaneTiers both(CoherenceMode::both);
  BOOST_TEST(!stored_after(both, [&] { both.store->lose(); }));
  BOOST_TEST(!stored_after(both, [&] { both.store->open(); }));
  BOOST_TEST(stored_after(both, [] {}));
}

BOOST_AUTO_TEST_SUITE_END()
