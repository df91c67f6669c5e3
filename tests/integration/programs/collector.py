"""A collector of OpenTelemetry that takes nothing but what the protocol's schema allows.

collector.py FILE    listens on a port of 127.0.0.1 that the kernel chooses, prints "port N", writes each span
                     and each metric as a line of JSON to FILE, and each fault of a request to standard error.

The schema is that of opentelemetry-proto (trace.proto, metrics.proto, common.proto, resource.proto) in the
JSON form of OTLP: identifiers in hexadecimal, 64-bit integers as strings, enumerations as numbers.
"""

import gzip
import http.server
import json
import re
import sys


class Fault(Exception):
    pass


def of_type(kind, what):
    def check(value, place):
        if type(value) is not kind:
            raise Fault(f"{place}: expected {what}, found {value!r}")
    return check


text = of_type(str, "a text")
boolean = of_type(bool, "true or false")


def real(value, place):
    if type(value) not in (int, float):
        raise Fault(f"{place}: expected a number, found {value!r}")


def integer_text(least, most):
    def check(value, place):
        if type(value) is not str or not re.fullmatch(r"-?\d+", value) or not least <= int(value) <= most:
            raise Fault(f"{place}: expected an integer as a text, found {value!r}")
    return check


fixed64 = integer_text(0, 2**64 - 1)
int64 = integer_text(-(2**63), 2**63 - 1)


def enumeration(*allowed):
    def check(value, place):
        if type(value) is not int or value not in allowed:
            raise Fault(f"{place}: expected one of {allowed}, found {value!r}")
    return check


def hexadecimal(digits):
    def check(value, place):
        if type(value) is not str or not re.fullmatch(f"[0-9a-f]{{{digits}}}", value) or int(value, 16) == 0:
            raise Fault(f"{place}: expected {digits} hexadecimal digits, found {value!r}")
    return check


def each(check_one):
    def check(value, place):
        if type(value) is not list:
            raise Fault(f"{place}: expected a list, found {value!r}")
        for index, one in enumerate(value):
            check_one(one, f"{place}[{index}]")
    return check


def message(required=(), **fields):
    def check(value, place):
        if type(value) is not dict:
            raise Fault(f"{place}: expected an object, found {value!r}")
        for name, one in value.items():
            if name not in fields:
                raise Fault(f"{place}: there is no field {name}")
            fields[name](one, f"{place}.{name}")
        for name in required:
            if name not in value:
                raise Fault(f"{place}: {name} is missing")
    return check


def one_of(**fields):
    inner = message(**fields)

    def check(value, place):
        inner(value, place)
        if len(value) != 1:
            raise Fault(f"{place}: expected exactly one of {sorted(fields)}, found {sorted(value)}")
    return check


def both(*checks):
    def check(value, place):
        for one in checks:
            one(value, place)
    return check


any_value = one_of(stringValue=text, boolValue=boolean, intValue=int64, doubleValue=real)
key_value = message(("key", "value"), key=text, value=any_value)


def unique_keys(value, place):
    keys = [one["key"] for one in value]
    if len(keys) != len(set(keys)) or "" in keys:
        raise Fault(f"{place}: a key is empty or there twice: {keys}")


attributes = both(each(key_value), unique_keys)
resource = message(("attributes",), attributes=attributes)
scope = message(("name",), name=text, version=text)


def names_service(value, place):
    if "service.name" not in [one["key"] for one in value["attributes"]]:
        raise Fault(f"{place}: service.name is missing")


def in_order(begin, end):
    def check(value, place):
        if begin in value and int(value[begin]) > int(value[end]):
            raise Fault(f"{place}: it ends before it begins")
    return check


event = message(("timeUnixNano", "name"), timeUnixNano=fixed64, name=text, attributes=attributes)
status = message(code=enumeration(0, 1, 2), message=text)
span = both(message(("traceId", "spanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano"),
                    traceId=hexadecimal(32), spanId=hexadecimal(16), parentSpanId=hexadecimal(16), name=text,
                    kind=enumeration(1, 2, 3, 4, 5), startTimeUnixNano=fixed64, endTimeUnixNano=fixed64,
                    attributes=attributes, events=each(event), status=status),
            in_order("startTimeUnixNano", "endTimeUnixNano"))

point_fields = dict(attributes=attributes, startTimeUnixNano=fixed64, timeUnixNano=fixed64)
number_point = both(message(("timeUnixNano", "asInt"), asInt=int64, **point_fields),
                    in_order("startTimeUnixNano", "timeUnixNano"))


def adds_up(value, place):
    counts = [int(count) for count in value["bucketCounts"]]
    bounds = value["explicitBounds"]
    if len(counts) != len(bounds) + 1 or sum(counts) != int(value["count"]):
        raise Fault(f"{place}: the buckets do not add up")
    if bounds != sorted(set(bounds)):
        raise Fault(f"{place}: the bounds do not rise")


histogram_point = both(message(("timeUnixNano", "count", "bucketCounts", "explicitBounds"), count=fixed64, sum=real,
                               bucketCounts=each(fixed64), explicitBounds=each(real), **point_fields),
                       adds_up)
temporality = enumeration(1, 2)


def distinct(value, place):
    points = next(iter(value[kind] for kind in ("sum", "gauge", "histogram") if kind in value))["dataPoints"]
    seen = [json.dumps(sorted((one["key"], json.dumps(one["value"])) for one in point["attributes"]))
            for point in points]
    if len(seen) != len(set(seen)) or not seen:
        raise Fault(f"{place}: there is no point, or two have the same attributes")


def has_data(value, place):
    if sum(kind in value for kind in ("sum", "gauge", "histogram")) != 1:
        raise Fault(f"{place}: expected one of sum, gauge and histogram")


metric = both(
    message(("name",), name=text, description=text, unit=text,
            sum=message(("dataPoints", "aggregationTemporality", "isMonotonic"), dataPoints=each(number_point),
                        aggregationTemporality=temporality, isMonotonic=boolean),
            gauge=message(("dataPoints",), dataPoints=each(number_point)),
            histogram=message(("dataPoints", "aggregationTemporality"), dataPoints=each(histogram_point),
                              aggregationTemporality=temporality)),
    has_data, distinct)

traces_request = message(("resourceSpans",), resourceSpans=each(message(
    ("resource", "scopeSpans"), resource=both(resource, names_service),
    scopeSpans=each(message(("scope", "spans"), scope=scope, spans=each(span))))))
metrics_request = message(("resourceMetrics",), resourceMetrics=each(message(
    ("resource", "scopeMetrics"), resource=both(resource, names_service),
    scopeMetrics=each(message(("scope", "metrics"), scope=scope, metrics=each(metric))))))


def refuse_twins(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise Fault(f"a name is there twice: {names}")
    return dict(pairs)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            answer, code = self.take(body), 200
        except (Fault, ValueError, OSError) as fault:
            print(f"{self.path}: {fault}", file=sys.stderr, flush=True)
            answer, code = b"{}", 400
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def take(self, body):
        if self.headers["Content-Type"] != "application/json":
            raise Fault("the content type is not application/json")
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        if len(body) > 4 * 1024 * 1024:
            raise Fault("more than 4 MiB")
        request = json.loads(body, object_pairs_hook=refuse_twins)
        if self.path == "/v1/traces":
            traces_request(request, "request")
            self.keep("span", [one for of in request["resourceSpans"] for inner in of["scopeSpans"]
                               for one in inner["spans"]])
        elif self.path == "/v1/metrics":
            metrics_request(request, "request")
            self.keep("metric", [one for of in request["resourceMetrics"] for inner in of["scopeMetrics"]
                                 for one in inner["metrics"]])
        else:
            raise Fault("there is no such path")
        return b"{}"

    def keep(self, kind, things):
        with open(sys.argv[1], "a", encoding="utf-8") as file:
            for thing in things:
                file.write(json.dumps({kind: thing}) + "\n")

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"port {server.server_address[1]}", flush=True)
server.serve_forever()
