#!/usr/bin/env python3
"""Each public header includes the standard headers of the names that it uses, itself or through headers of the project.

The headers are compiled with the standard headers read before (headers_test.py), which takes a quarter of the time and
finds everything else that is missing. includes_test.py SOURCE
"""
import os, re, sys

NAMES = {
    'algorithm': 'find find_if any_of all_of none_of sort max min clamp copy remove_if count count_if equal fill for_each '
                 'lexicographical_compare lower_bound upper_bound unique transform reverse',
    'any': 'any', 'array': 'array', 'atomic': 'atomic memory_order_relaxed memory_order_acquire memory_order_release '
    'atomic_flag atomic_ref', 'bit': 'bit_cast bit_ceil bit_width countr_zero popcount has_single_bit endian',
    'charconv': 'from_chars to_chars', 'chrono': 'chrono', 'compare': 'strong_ordering weak_ordering partial_ordering',
    'concepts': 'same_as convertible_to invocable derived_from integral floating_point unsigned_integral signed_integral '
                'default_initializable', 'condition_variable': 'condition_variable condition_variable_any',
    'cstdint': 'int64_t uint64_t int32_t uint32_t uint16_t uint8_t int8_t int16_t uintptr_t',
    'cstring': 'memcpy memcmp memset strlen', 'deque': 'deque', 'exception': 'exception_ptr current_exception rethrow_exception',
    'filesystem': 'filesystem', 'functional': 'function hash invoke less equal_to reference_wrapper',
    'future': 'future promise', 'initializer_list': 'initializer_list', 'istream': 'istream',
    'iterator': 'input_iterator_tag forward_iterator_tag default_sentinel_t make_move_iterator back_inserter',
    'limits': 'numeric_limits', 'list': 'list', 'map': 'map multimap',
    'memory': 'shared_ptr unique_ptr weak_ptr make_shared make_unique enable_shared_from_this static_pointer_cast '
              'dynamic_pointer_cast addressof', 'mutex': 'mutex lock_guard unique_lock scoped_lock recursive_mutex once_flag call_once',
    'new': 'bad_alloc nothrow', 'optional': 'optional nullopt nullopt_t', 'ostream': 'ostream', 'ratio': 'milli micro nano ratio',
    'set': 'set', 'shared_mutex': 'shared_mutex shared_lock', 'span': 'span', 'sstream': 'ostringstream istringstream',
    'stdexcept': 'runtime_error invalid_argument logic_error out_of_range length_error',
    'stop_token': 'stop_token stop_source stop_callback', 'string': 'string to_string', 'string_view': 'string_view',
    'system_error': 'error_code error_condition system_error errc', 'thread': 'thread jthread this_thread',
    'tuple': 'tuple tie get_if apply make_tuple', 'type_traits': 'is_same_v decay_t remove_cvref_t remove_reference_t conditional_t '
    'enable_if_t is_enum_v is_integral_v is_base_of_v invoke_result_t true_type false_type underlying_type_t void_t',
    'typeindex': 'type_index', 'unordered_map': 'unordered_map', 'unordered_set': 'unordered_set',
    'utility': 'move forward exchange pair swap in_place in_place_t index_sequence', 'variant': 'variant monostate visit holds_alternative',
    'vector': 'vector',
}
# Names that several headers give.
ALSO = {'get_if': {'variant'}, 'hash': {'string', 'string_view', 'memory', 'optional'}, 'to_string': {'string'}, 'size_t': set(),
        'initializer_list': {'vector', 'string', 'map', 'span'}, 'move': {'algorithm'}, 'pair': {'map', 'unordered_map'},
        'bad_alloc': {'memory'}, 'less': {'map', 'set'}, 'string_view': {'string'}}
HEADER_OF = {name: header for header, names in NAMES.items() for name in names.split()}

source = sys.argv[1]
rooms = [os.path.join(source, room) for room in ('interfaces', 'implements', 'loaders')]
headers = {}
for room in rooms:
    for folder, _, files in os.walk(os.path.join(room, 'cachesite')):
        for file in files:
            if file.endswith('.hpp'):
                path = os.path.join(folder, file)
                with open(path, encoding='utf-8') as text:
                    headers[os.path.relpath(path, room)] = text.read()


def includes(name, seen):
    """The standard headers that a header brings."""
    if name in seen:
        return set()
    seen.add(name)
    found = set()
    for kind in re.findall(r'#include <([^>]+)>', headers[name]):
        found |= includes(kind, seen) if kind in headers else {kind}
    return found


missing = 0
for name, text in sorted(headers.items()):
    code = re.sub(r'//[^\n]*|"(\\.|[^"\\])*"', '', text)
    brought = includes(name, set())
    for used in sorted(set(re.findall(r'std::(\w+)', code))):
        header = HEADER_OF.get(used)
        if header and header not in brought and not (ALSO.get(used, set()) & brought):
            print(f'{name}: std::{used} without <{header}>')
            missing += 1
sys.exit(1 if missing else 0)
