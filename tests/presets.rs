//! The presets: that their files are sound, and that each ecosystem is told by its metrics.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::PathBuf;

use promql_parser::parser::Expr;
use promql_parser::util::ExprVisitor;
use promql_parser::util::walk_expr;
use sixty::facts::Measure;
use sixty::facts::Unit;
use sixty::promql::Vars;
use sixty::promql::expand;
use sixty::signals::preset;
use sixty::signals::preset::Choice;
use sixty::signals::preset::Family;
use sixty::signals::preset::Inventory;
use sixty::signals::preset::Preset;

/// The folder of shared test data; `None` (and a word about it) where it is missing, which CI must not accept.
fn shared() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let named = std::env::var_os("SIXTY_SHARED").map(PathBuf::from);
    let found = std::iter::once(beside).chain(named).find(|path| path.join("payloads").is_dir());
    if found.is_none() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "the shared test data is missing");
        println!("skipped: the shared test data is not here");
    }
    found
}

/// Metric and label names of an exposition: enough to choose by, no more.
fn scan(text: &str) -> Inventory {
    let mut inventory = Inventory::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let end = line.find(['{', ' ']).unwrap_or(line.len());
        let (name, mut rest) = line.split_at(end);
        let mut labels = Vec::new();
        rest = rest.strip_prefix('{').unwrap_or("");
        while let Some((label, after)) = rest.split_once("=\"") {
            let mut value = after.char_indices().scan(false, |escaped, (index, c)| {
                let end = c == '"' && !*escaped;
                *escaped = c == '\\' && !*escaped;
                Some((index, end))
            });
            let Some((close, _)) = value.find(|(_, end)| *end) else { break };
            if close > 0 {
                labels.push(label.trim_matches([',', ' ']));
            }
            rest = &after[close + 1..];
            if rest.starts_with('}') {
                break;
            }
        }
        inventory.add(name, labels);
    }
    inventory
}

/// An inventory from a short form: `up http_requests_total{code,method}`.
fn inventory(text: &str) -> Inventory {
    let mut inventory = Inventory::default();
    for word in text.split_whitespace() {
        let (name, labels) = word.split_once('{').unwrap_or((word, ""));
        inventory.add(name, labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty()));
    }
    inventory
}

fn chosen(choice: &Choice, family: Family) -> &'static str {
    choice.presets.iter().find(|(preset, _)| preset.family == family).map_or("-", |(preset, _)| preset.key)
}

fn keys(choice: &Choice) -> (&'static str, &'static str, &'static str) {
    (chosen(choice, Family::Requests), chosen(choice, Family::Memory), chosen(choice, Family::Pool))
}

/// The presets of the families that nobody misses.
fn optional(choice: &Choice) -> String {
    let keys = choice.presets.iter().filter(|(preset, _)| preset.family.is_optional()).map(|(preset, _)| preset.key);
    keys.collect::<Vec<_>>().join(" ")
}

fn probe(query: &str) -> String {
    filled(query, "job=\"x\"")
}

/// The query as the engine asks it.
fn filled(query: &str, selector: &str) -> String {
    let minute = std::time::Duration::from_secs(60);
    let vars = Vars { service: "x", selector, rate_interval: minute, interval: minute, range: minute };
    expand(query, &vars)
}

#[derive(Default)]
struct Selectors(Vec<(String, bool)>);

impl ExprVisitor for Selectors {
    type Error = ();

    fn pre_visit(&mut self, expression: &Expr) -> Result<bool, ()> {
        let selector = match expression {
            Expr::VectorSelector(selector) => selector,
            Expr::MatrixSelector(matrix) => &matrix.vs,
            _ => return Ok(true),
        };
        let ours = selector.matchers.matchers.iter().any(|matcher| matcher.name == "job" && matcher.value == "x");
        self.0.push((selector.name.clone().unwrap_or_default(), ours));
        Ok(true)
    }
}

#[test]
fn the_folder_is_the_slice() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/signals/presets");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap().trim_end_matches(".toml").to_owned())
        .collect();
    let slice: BTreeSet<String> = preset::PRESETS.iter().map(|(key, _)| (*key).to_owned()).collect();
    assert_eq!(files, slice);
    assert_eq!(slice.len(), preset::PRESETS.len(), "a preset stands twice in the slice");
}

#[test]
fn every_file_is_read_and_no_two_of_a_family_share_a_rank() {
    let mut ranks = BTreeMap::new();
    for (key, text) in preset::PRESETS {
        let parsed = Preset::parse(key, text).unwrap_or_else(|error| panic!("{key}: {error}"));
        assert_eq!(preset::by_key(key), Some(&parsed));
        assert!(!parsed.fingerprint.is_empty() && parsed.fingerprint.iter().all(|all| !all.is_empty()), "{key}");
        assert_eq!(ranks.insert((parsed.family, parsed.rank), key), None, "{key} has a rank that is taken");
    }
    assert_eq!(preset::all().len(), preset::PRESETS.len());
}

#[test]
fn every_query_is_promql_about_the_selected_service_only() {
    let mut count = 0;
    for preset in preset::all() {
        for (measure, query) in preset.queries.iter().flat_map(|(m, ways)| ways.iter().map(move |way| (m, way))) {
            let place = format!("{} {}: {}", preset.key, measure.key(), query.text);
            for selector in ["job=\"x\"", "job=\"x\", team=~\"a|b\"", ""] {
                let filled = filled(&query.text, selector);
                assert!(!filled.contains('$') && !filled.contains("{,") && !filled.contains(", }"), "{place}");
                promql_parser::parser::parse(&filled).unwrap_or_else(|error| panic!("{place}: {error}"));
            }
            let mut selectors = Selectors::default();
            walk_expr(&mut selectors, &promql_parser::parser::parse(&probe(&query.text)).unwrap()).unwrap();
            for (metric, ours) in &selectors.0 {
                assert!(ours, "{place}: {metric} is asked without the selector");
                assert!(query.needs.iter().any(|need| need.metric == *metric), "{place}: {metric} is not needed");
            }
            let named: BTreeSet<_> = selectors.0.iter().map(|(metric, _)| metric).collect();
            assert!(query.needs.iter().all(|need| named.contains(&need.metric)), "{place}: needs more than it names");
            count += 1;
        }
    }
    assert!(count > 200, "{count} queries");
}

#[test]
fn units_follow_from_the_names() {
    for preset in preset::all() {
        for (measure, query) in preset.queries.iter().flat_map(|(m, ways)| ways.iter().map(move |way| (m, way))) {
            let place = format!("{} {}: {}", preset.key, measure.key(), query.text);
            match measure.unit() {
                Unit::Seconds => {
                    let ms = query.needs.iter().any(|need| !need.metric.contains("_seconds"));
                    assert_eq!(query.text.ends_with("/ 1000"), ms, "{place}");
                    let quantile = match measure {
                        Measure::LatencyP50 => "histogram_quantile(0.5,",
                        Measure::LatencyP95 | Measure::DbLatency => "histogram_quantile(0.95,",
                        _ => "histogram_quantile(0.99,",
                    };
                    assert!(query.text.starts_with(quantile), "{place}: a latency must be a percentile");
                    assert_eq!(query.text.matches(quantile).count(), query.text.matches("_quantile(").count());
                }
                // Between 0 and 1 by itself: what is left of what there is.
                Unit::Ratio if *measure == Measure::Disk => assert!(query.text.starts_with("max("), "{place}"),
                Unit::Ratio => {
                    // No fault yet is often no series: that is 0; no traffic is no value, so no guard below the line.
                    assert!(
                        query.text.starts_with("(sum(rate(") && query.text.contains("or vector(0)) / sum("),
                        "{place}"
                    );
                }
                Unit::PerSecond => assert!(query.text.starts_with("sum(rate("), "{place}"),
                Unit::Instant => assert!(query.text.starts_with("max(") && !query.text.contains("time()"), "{place}"),
                Unit::Cores => {
                    let is_rate = query.text.contains("rate(") && query.text.contains("_seconds");
                    let is_share = query.text.contains("usage{") && query.text.contains("count{");
                    let windows = query.text.contains("windows_cpu_time_total");
                    assert!(*measure == Measure::CpuMax || is_rate || is_share || windows, "{place}");
                    assert!(query.text.starts_with("sum(") || query.text.starts_with("count("), "{place}");
                }
                Unit::Bytes | Unit::Count => {
                    assert!(query.text.starts_with("sum(") && !query.text.contains("rate("), "{place}");
                }
            }
        }
    }
}

#[test]
fn real_expositions_are_told() {
    let Some(shared) = shared() else { return };
    let mut seen = BTreeSet::new();
    for (file, requests, memory, pool) in [
        ("alertmanager-0.25.txt", "alertmanager", "memory-go", "-"),
        ("axum-prometheus-doc-sample.txt", "axum", "-", "-"),
        ("cadvisor-kubelet-1.16.txt", "-", "memory-container", "-"),
        ("cloudwatch-exporter-doc-sample.txt", "-", "-", "-"),
        ("go-grpc-prometheus-doc-sample.txt", "grpc", "-", "-"),
        ("node-exporter-1.5.txt", "-", "memory-host", "-"),
        ("node-express-prom-bundle.txt", "node-express", "memory-node", "-"),
        ("postgres-exporter-0.11.txt", "-", "memory-go", "pool-postgres"),
        ("prometheus-server-client-golang.txt", "prometheus", "memory-go", "-"),
        ("python-django-prometheus.txt", "django", "memory-python", "-"),
        ("python-fastapi-instrumentator.txt", "fastapi", "memory-python", "-"),
        ("python-flask-exporter.txt", "flask", "memory-python", "-"),
    ] {
        let text = std::fs::read_to_string(shared.join("payloads/metrics").join(file)).unwrap();
        let choice = preset::choose(&scan(&text));
        assert_eq!(keys(&choice), (requests, memory, pool), "{file}");
        if !["-", "alertmanager"].contains(&requests) {
            for measure in &Measure::ALL[..5] {
                assert!(choice.queries.contains_key(measure), "{file} has no {}", measure.key());
            }
        }
        for missing in &choice.missing {
            assert!(missing.closest.len() <= 5 && !missing.looked_for.is_empty(), "{file}: {missing:?}");
            println!("{file}: {}", preset::explain(missing));
        }
        seen.insert(file.to_owned());
    }
    let there = std::fs::read_dir(shared.join("payloads/metrics")).unwrap();
    let there: BTreeSet<String> = there.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(seen, there, "every recorded exposition is in the table");
}

/// Ecosystems without a recording, by the names in their documentation: what is there, what must be chosen, and
/// which measures can be asked for.
const ECOSYSTEMS: &[(&str, &str, &str)] = &[
    (
        "http_server_request_duration_seconds_count{http_response_status_code,http_route} \
         http_server_request_duration_seconds_bucket{le} target_info jvm_memory_used_bytes{jvm_memory_type} \
         jvm_memory_limit_bytes{jvm_memory_type} db_client_connection_count{db_client_connection_state} \
         db_client_connection_max db_client_connection_pending_requests",
        "opentelemetry-http memory-jvm-otel pool-opentelemetry",
        "request_rate error_rate latency_p50 latency_p95 latency_p99 db_pool_used db_pool_max db_pool_waiting \
         memory_used memory_limit",
    ),
    (
        "http_server_request_duration_seconds_count{error_type} go_memory_used_bytes go_memory_limit_bytes \
         db_client_connections_usage{state} db_client_connections_max",
        "opentelemetry-http memory-go-otel pool-opentelemetry-old",
        "request_rate error_rate db_pool_used db_pool_max memory_used memory_limit",
    ),
    (
        "http_server_duration_milliseconds_count{http_status_code} http_server_duration_milliseconds_bucket{le}",
        "opentelemetry-http-old - -",
        "request_rate error_rate latency_p50 latency_p95 latency_p99",
    ),
    ("http_server_duration_count{http_method}", "opentelemetry-http-old - -", "request_rate"),
    (
        "http_server_requests_seconds_count{outcome,status,uri} http_server_requests_seconds_bucket{le} \
         jvm_memory_used_bytes{area,id} jvm_memory_max_bytes{area,id} hikaricp_connections_active{pool} \
         hikaricp_connections_max hikaricp_connections_pending jdbc_connections_active process_cpu_usage",
        "micrometer-http memory-jvm-micrometer pool-hikari-micrometer",
        "request_rate error_rate latency_p50 latency_p95 latency_p99 db_pool_used db_pool_max db_pool_waiting \
         memory_used memory_limit",
    ),
    (
        "http_server_requests_seconds_count{status} http_server_requests_seconds_max http_server_requests_seconds_sum \
         jvm_memory_bytes_used{area} jvm_memory_bytes_max{area} hikaricp_active_connections hikaricp_max_connections \
         hikaricp_pending_threads",
        "micrometer-http memory-jvm-client-java pool-hikari",
        "request_rate error_rate db_pool_used db_pool_max db_pool_waiting memory_used memory_limit",
    ),
    (
        "jvm_memory_used_bytes{area} jvm_memory_max_bytes{area} jdbc_connections_active{name} jdbc_connections_max{name}",
        "- memory-jvm-client-java pool-jdbc",
        "db_pool_used db_pool_max memory_used memory_limit",
    ),
    (
        "rails_requests_total{status,controller} rails_request_duration_seconds_bucket{le} ruby_rss \
         activerecord_connection_pool_busy activerecord_connection_pool_size activerecord_connection_pool_waiting",
        "rails memory-ruby pool-activerecord",
        "request_rate error_rate latency_p50 latency_p95 latency_p99 db_pool_used db_pool_max db_pool_waiting \
         memory_used",
    ),
    (
        "http_requests_received_total{code} http_request_duration_seconds_bucket{code,le} \
         http_request_duration_seconds_count{code} process_working_set_bytes process_resident_memory_bytes \
         db_client_connection_count{state} db_client_connection_max",
        "prometheus-net memory-dotnet pool-npgsql",
        "request_rate error_rate latency_p50 latency_p95 latency_p99 db_pool_used db_pool_max memory_used",
    ),
    (
        "starlette_requests_total{status_code} starlette_request_duration_seconds_bucket{le}",
        "starlette - -",
        "request_rate error_rate latency_p50 latency_p95 latency_p99",
    ),
    (
        "http_requests_total{code,method} http_request_duration_seconds_bucket{le} go_goroutines \
         process_resident_memory_bytes go_gc_gomemlimit_bytes go_sql_in_use_connections go_sql_max_open_connections",
        "go-http memory-go pool-go-sql",
        "request_rate error_rate latency_p50 latency_p95 latency_p99 db_pool_used db_pool_max memory_used memory_limit",
    ),
    (
        "http_request_duration_seconds_count{code,method} go_goroutines go_memstats_sys_bytes \
         go_sql_stats_connections_in_use go_sql_stats_connections_max_open",
        "go-http memory-go pool-go-sqlstats",
        "request_rate error_rate db_pool_used db_pool_max memory_used",
    ),
    (
        "http_requests_total{status} http_request_duration_seconds_bucket{le} process_resident_memory_bytes \
         prisma_pool_connections_busy prisma_pool_connections_open prisma_client_queries_wait",
        "http-generic memory-process pool-prisma",
        "request_rate error_rate latency_p50 latency_p95 latency_p99 db_pool_used db_pool_waiting memory_used",
    ),
    ("grpc_server_handled_total{grpc_code} grpc_server_started_total", "grpc - -", "request_rate error_rate"),
    (
        "rpc_server_call_duration_seconds_count{rpc_response_status_code} rpc_server_call_duration_seconds_bucket{le}",
        "opentelemetry-rpc - -",
        "request_rate error_rate latency_p50 latency_p95 latency_p99",
    ),
    (
        "rpc_server_duration_milliseconds_count{rpc_grpc_status_code} rpc_server_duration_milliseconds_bucket{le}",
        "opentelemetry-rpc - -",
        "request_rate error_rate latency_p50 latency_p95 latency_p99",
    ),
    (
        "istio_requests_total{reporter,response_code} istio_request_duration_milliseconds_bucket{le}",
        "istio - - calls-istio",
        "request_rate error_rate latency_p50 latency_p95 latency_p99 call_errors calls_limited",
    ),
    (
        "response_total{classification,direction} response_latency_ms_bucket{le} request_total{direction}",
        "linkerd - - calls-linkerd",
        "request_rate error_rate latency_p50 latency_p95 latency_p99 call_errors",
    ),
    (
        "envoy_http_downstream_rq_xx{envoy_response_code_class} envoy_http_downstream_rq_time_bucket{le} \
         envoy_server_memory_allocated",
        "envoy memory-envoy -",
        "request_rate error_rate latency_p50 latency_p95 latency_p99 memory_used",
    ),
    (
        "nginx_ingress_controller_requests{status} nginx_ingress_controller_request_duration_seconds_bucket{le}",
        "ingress-nginx - -",
        "request_rate error_rate latency_p50 latency_p95 latency_p99",
    ),
    (
        "traefik_service_requests_total{code} traefik_service_request_duration_seconds_bucket{le}",
        "traefik - -",
        "request_rate error_rate latency_p50 latency_p95 latency_p99",
    ),
    (
        "haproxy_backend_http_responses_total{code} haproxy_frontend_http_requests_total \
         haproxy_backend_response_time_average_seconds",
        "haproxy - -",
        "request_rate error_rate",
    ),
    (
        "caddy_http_request_duration_seconds_count{code,handler} caddy_http_request_duration_seconds_bucket{le}",
        "caddy - -",
        "request_rate error_rate latency_p50 latency_p95 latency_p99",
    ),
    ("nginx_http_requests_total nginx_connections_active", "nginx - -", "request_rate"),
    (
        "pgbouncer_pools_server_active_connections{database} pgbouncer_databases_pool_size{name} \
         pgbouncer_pools_client_waiting_connections{database} process_resident_memory_bytes go_goroutines",
        "- memory-go pool-pgbouncer",
        "db_pool_used db_pool_max db_pool_waiting memory_used",
    ),
    (
        "pg_stat_activity_count{state} pg_settings_max_connections pg_settings_superuser_reserved_connections",
        "- - pool-postgres",
        "db_pool_used db_pool_max",
    ),
    (
        "mysql_global_status_threads_connected mysql_global_variables_max_connections",
        "- - pool-mysql",
        "db_pool_used db_pool_max",
    ),
    (
        "http_client_request_duration_seconds_count{http_response_status_code,error_type} jvm_cpu_time_seconds_total \
         jvm_cpu_count db_client_operation_duration_seconds_bucket{le} process_cpu_seconds_total",
        "- - - cpu-jvm-otel calls-opentelemetry database-opentelemetry",
        "cpu_used cpu_max call_errors calls_limited db_latency",
    ),
    (
        "http_client_request_duration_seconds_count{error_type} dotnet_process_cpu_time_seconds_total{cpu_mode} \
         dotnet_process_cpu_count db_client_commands_duration_seconds_bucket{le}",
        "- - - cpu-dotnet calls-opentelemetry database-opentelemetry",
        "cpu_used cpu_max call_errors db_latency",
    ),
    (
        "http_client_duration_milliseconds_count{http_status_code} process_runtime_cpython_cpu_time_seconds_total{type} \
         db_sql_latency_milliseconds_bucket{le}",
        "- - - cpu-process-otel calls-opentelemetry-old database-opentelemetry",
        "cpu_used call_errors calls_limited db_latency",
    ),
    (
        "http_client_requests_seconds_count{status,outcome} process_cpu_usage system_cpu_count disk_free_bytes{path} \
         disk_total_bytes{path} process_start_time_seconds spring_data_repository_invocations_seconds_bucket{le} \
         hikaricp_connections_usage_seconds_bucket{le} resilience4j_circuitbreaker_calls_seconds_count{kind}",
        "- - - cpu-micrometer disk-micrometer start-process calls-micrometer database-spring",
        "cpu_used cpu_max disk started call_errors calls_limited db_latency",
    ),
    (
        "httpclient_requests_received_total{code,host} process_cpu_seconds_total process_start_time_seconds",
        "- - - cpu-process start-process calls-prometheus-net",
        "cpu_used started call_errors calls_limited",
    ),
    (
        "grpc_client_handled_total{grpc_code} process_cpu_seconds_total go_sched_gomaxprocs_threads",
        "- - - cpu-process calls-grpc",
        "cpu_used cpu_max call_errors calls_limited",
    ),
    (
        "rpc_client_call_duration_seconds_count{rpc_response_status_code} activerecord_query_duration_seconds_bucket{le}",
        "- - - calls-opentelemetry-rpc database-rails",
        "call_errors calls_limited db_latency",
    ),
    ("resilience4j_circuitbreaker_calls_seconds_count{kind,name}", "- - - calls-resilience4j", "call_errors"),
    (
        "envoy_cluster_upstream_rq_xx{envoy_response_code_class} envoy_cluster_upstream_rq{envoy_response_code} \
         envoy_server_uptime",
        "- - - start-envoy calls-envoy",
        "started call_errors calls_limited",
    ),
    (
        "container_cpu_usage_seconds_total{container} container_spec_cpu_quota{container} container_spec_cpu_period{container} \
         container_start_time_seconds{container} container_fs_usage_bytes{device} container_fs_limit_bytes{device} \
         process_cpu_seconds_total process_start_time_seconds",
        "- - - cpu-container disk-container start-container",
        "cpu_used cpu_max disk started",
    ),
    (
        "container_cpu_usage_seconds_total{name} kube_pod_container_resource_limits{resource} kube_pod_start_time",
        "- - - cpu-container start-pod",
        "cpu_used cpu_max started",
    ),
    (
        "kubelet_volume_stats_available_bytes{persistentvolumeclaim} \
         kubelet_volume_stats_capacity_bytes{persistentvolumeclaim} kube_pod_container_state_started",
        "- - - disk-volumes start-pod",
        "disk started",
    ),
    (
        "system_cpu_time_seconds_total{cpu,state} system_filesystem_utilization_ratio{type,mode}",
        "- - - cpu-host-otel disk-otel",
        "cpu_used cpu_max disk",
    ),
    ("system_cpu_time_seconds_total{cpu_mode}", "- - - cpu-host-otel", "cpu_used"),
    (
        "windows_cpu_time_total{mode,core} windows_logical_disk_free_bytes{volume} windows_logical_disk_size_bytes{volume} \
         windows_system_boot_time_timestamp process_cpu_seconds_total process_start_time_seconds",
        "- - - cpu-windows disk-windows start-host",
        "cpu_used cpu_max disk started",
    ),
    (
        "pg_up pg_stat_activity_count{state,wait_event_type} pg_postmaster_start_time_seconds process_cpu_seconds_total \
         process_start_time_seconds",
        "- - pool-postgres start-postgres locks-postgres",
        "db_pool_used started db_locked",
    ),
    (
        "mysql_up mysql_global_status_innodb_row_lock_current_waits mysql_global_status_uptime process_cpu_seconds_total \
         mysql_info_schema_query_response_time_seconds_bucket{le} process_start_time_seconds",
        "- - - start-mysql database-mysql locks-mysql",
        "started db_latency db_locked",
    ),
    // A client's histograms and the server's sessions are read beside each other.
    (
        "db_client_operation_duration_seconds_bucket{le} pg_stat_activity_count{state,wait_event_type}",
        "- - pool-postgres database-opentelemetry locks-postgres",
        "db_pool_used db_latency db_locked",
    ),
    ("redis_up redis_start_time_seconds process_start_time_seconds", "- - - start-redis", "started"),
    ("haproxy_process_start_time_seconds", "- - - start-haproxy", "started"),
    ("django_db_query_duration_seconds_bucket{le}", "- - - database-django", "db_latency"),
    ("prisma_client_queries_duration_histogram_ms_bucket{le}", "- - - database-prisma", "db_latency"),
];

/// The shares of answers of one kind have a table of their own.
fn is_listed(measure: Measure) -> bool {
    ![Measure::RateLimited, Measure::NotFound, Measure::Resets].contains(&measure)
}

#[test]
fn documented_ecosystems_are_told_and_ask_only_for_what_is_there() {
    let mut covered: BTreeSet<&str> = BTreeSet::new();
    for (there, expected, measures) in ECOSYSTEMS {
        let inventory = inventory(there);
        let choice = preset::choose(&inventory);
        let (requests, memory, pool) = keys(&choice);
        let found = format!("{requests} {memory} {pool} {}", optional(&choice));
        assert_eq!(found.trim_end(), *expected, "{there}");
        covered.extend(choice.presets.iter().map(|(preset, _)| preset.key));
        let asked: BTreeSet<&str> =
            choice.queries.keys().filter(|one| is_listed(**one)).map(|measure| measure.key()).collect();
        assert_eq!(asked, measures.split_whitespace().collect(), "{there}");
        for query in choice.queries.values() {
            let mut selectors = Selectors::default();
            walk_expr(&mut selectors, &promql_parser::parser::parse(&probe(query)).unwrap()).unwrap();
            for (metric, _) in selectors.0 {
                assert!(inventory.names.contains_key(&metric), "{query} asks for {metric}, which is not there");
            }
        }
        for (preset, why) in &choice.presets {
            assert!(why.contains("there"), "{}: {why}", preset.key);
            // Everything that the preset could have had and has not is said.
            let golden = preset.queries.keys().filter(|measure| Measure::GOLDEN.contains(measure));
            for measure in golden.filter(|measure| !choice.queries.contains_key(measure)) {
                assert!(!choice.notes.is_empty(), "{}: nothing is said of {}", preset.key, measure.key());
            }
        }
    }
    for recorded in "disk-host cpu-host alertmanager axum memory-container memory-host node-express memory-node prometheus django flask \
                     fastapi memory-python"
        .split_whitespace()
    {
        covered.insert(recorded);
    }
    let all: BTreeSet<&str> = preset::all().iter().map(|preset| preset.key).collect();
    assert_eq!(covered, all, "every preset is in a table");
}

/// Which servers tell a 429 from a 404, and by which label their routes go.
#[test]
fn answers_of_one_kind_are_told_where_codes_are() {
    for (there, tells, route) in [
        ("http_server_request_duration_seconds_count{http_response_status_code,http_route}", true, "http_route"),
        ("http_server_request_duration_seconds_count{error_type,http_route}", false, "http_route"),
        ("http_server_duration_milliseconds_count{http_status_code}", true, "-"),
        ("http_server_duration_count{http_method}", false, "-"),
        ("http_server_requests_seconds_count{outcome,status,uri}", true, "uri"),
        ("http_requests_total{handler,status} http_request_duration_highr_seconds_count", true, "handler"),
        ("django_http_responses_total_by_status_total{status}", true, "-"),
        ("flask_http_request_total{status}", true, "-"),
        ("rails_requests_total{status,controller,action}", true, "controller"),
        ("http_requests_received_total{code,controller,action}", true, "controller"),
        ("axum_http_requests_total{status,endpoint}", true, "endpoint"),
        ("starlette_requests_total{status_code,path}", true, "path"),
        ("http_request_duration_seconds_count{status_code,path}", true, "path"),
        ("http_requests_total{code,path,handler}", true, "handler"),
        ("http_requests_total{status,route}", true, "route"),
        ("http_requests_total{status_code}", true, "-"),
        ("grpc_server_handled_total{grpc_code,grpc_method}", true, "grpc_method"),
        ("rpc_server_call_duration_seconds_count{rpc_response_status_code,rpc_method}", true, "rpc_method"),
        ("rpc_server_duration_milliseconds_count{rpc_grpc_status_code}", true, "-"),
        ("istio_requests_total{reporter,response_code}", true, "-"),
        ("response_total{classification,direction,status_code}", true, "-"),
        ("response_total{classification,direction}", false, "-"),
        ("nginx_ingress_controller_requests{status,path}", true, "path"),
        ("traefik_service_requests_total{code,service}", true, "service"),
        ("caddy_http_request_duration_seconds_count{code,handler}", true, "-"),
        ("prometheus_http_requests_total{code,handler}", true, "handler"),
        ("alertmanager_http_request_duration_seconds_count{code,handler}", true, "handler"),
        ("alertmanager_http_request_duration_seconds_count{handler}", false, "handler"),
        // Classes of codes, or no codes at all.
        ("envoy_http_downstream_rq_xx{envoy_response_code_class}", false, "-"),
        ("haproxy_backend_http_responses_total{code,proxy}", false, "-"),
        ("nginx_http_requests_total", false, "-"),
    ] {
        let choice = preset::choose(&inventory(there));
        for measure in [Measure::RateLimited, Measure::NotFound] {
            assert_eq!(choice.queries.contains_key(&measure), tells, "{there} {}", measure.key());
        }
        assert_eq!(choice.route.as_deref().unwrap_or("-"), route, "{there}");
    }
}

#[test]
fn what_is_not_exported_is_not_made_up() {
    let notes = |text: &str| preset::choose(&inventory(text)).notes.join("\n");
    let micrometer = notes("http_server_requests_seconds_count{outcome} http_server_requests_seconds_max");
    assert!(micrometer.contains("percentiles-histogram"), "{micrometer}");
    let plain = notes("axum_http_requests_total{status}");
    assert_eq!(plain, "no latency: axum_http_requests_duration_seconds_bucket is not exported");
    let go = notes("go_sql_in_use_connections");
    assert!(go.contains("no limit of the pool: go_sql_max_open_connections is not exported"), "{go}");
    let unlimited = preset::choose(&inventory("go_sql_in_use_connections go_sql_max_open_connections"));
    assert!(unlimited.queries[&Measure::PoolMax].contains("unless min("), "0 open connections means no limit");
}

#[test]
fn several_that_fit_are_named_and_the_configuration_has_the_last_word() {
    let both = inventory("http_requests_total{code} grpc_server_handled_total{grpc_code} go_goroutines");
    let choice = preset::choose(&both);
    assert_eq!(chosen(&choice, Family::Requests), "go-http");
    assert!(choice.notes.iter().any(|note| note == "would fit as well: gRPC server (go-grpc-prometheus) (grpc)"));
    let wanted = preset::choose_with(&both, &[preset::by_key("grpc").unwrap()]);
    assert_eq!(chosen(&wanted, Family::Requests), "grpc");
    assert_eq!(wanted.presets[0].1, "chosen in the configuration");
    assert!(wanted.queries[&Measure::RequestRate].contains("grpc_server_handled_total"));
    // A preset that was asked for and does not fit asks for nothing, and says what it lacks.
    let wrong = preset::choose_with(&both, &[preset::by_key("axum").unwrap()]);
    assert!(!wrong.queries.contains_key(&Measure::RequestRate));
    assert!(wrong.notes.contains(&"no request rate: axum_http_requests_total is not exported".to_owned()));
    assert_eq!(preset::by_key("no such"), None);
}

#[test]
fn what_is_missing_is_explained_with_what_looks_like_it() {
    let text = "shop_http_requests_total{code} shop_request_duration_seconds_bucket{le} \
                shop_request_duration_seconds_count go_gc_duration_seconds_count promhttp_metric_handler_requests_total \
                shop_db_connections_open up a_requests_total b_requests_total c_requests_total d_requests_total";
    let choice = preset::choose(&inventory(text));
    assert!(choice.presets.is_empty() && choice.queries.is_empty());
    let [requests, memory, pool] = choice.missing.as_slice() else { panic!("{:?}", choice.missing) };
    assert_eq!(requests.closest.len(), 5);
    assert_eq!(
        requests.closest[..2],
        ["shop_http_requests_total", "a_requests_total"].map(str::to_owned),
        "{requests:?}"
    );
    assert!(!requests.closest.iter().any(|name| name.starts_with("go_") || name.starts_with("promhttp_")));
    let said = preset::explain(requests);
    assert!(
        said.starts_with("no request metric known: looked for http_server_request_duration_seconds_count, "),
        "{said}"
    );
    assert!(said.ends_with("as request_rate = 'sum(rate(shop_http_requests_total[$__rate_interval]))'"), "{said}");
    assert!(preset::explain(memory).ends_with("; nothing here looks like one"));
    assert_eq!(pool.closest, ["shop_db_connections_open"]);
    assert!(preset::explain(pool).contains("db_pool_used = 'sum(shop_db_connections_open)'"));
    // A hostile name does not reach the screen raw.
    let hostile = preset::choose(&inventory("\u{1b}]0;x\u{7}_requests_total"));
    assert!(!preset::explain(&hostile.missing[0]).contains('\u{1b}'));
}

#[test]
fn broken_files_say_what_is_wrong() {
    let head = "title = 't'\nfamily = 'pool'\nrank = 1\nfingerprint = [['a']]\n[queries]\n";
    assert!(Preset::parse("x", &format!("{head}db_pool_used = 'sum(a{{$selector}})'")).is_ok());
    for (tail, part) in [
        ("pool_used = 'a'", "pool_used is not a measure"),
        ("request_rate = 'a'", "does not belong to the family"),
        ("db_pool_used = 3", "did not match"),
        ("[[notes]]\ntext = 'x'\nwithout = 'y'", "y is not a measure"),
        ("[[notes]]\ntxt = 'x'", "txt"),
    ] {
        let error = Preset::parse("x", &format!("{head}{tail}")).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn the_drill_is_told_and_every_strip_has_its_queries() {
    let at: sixty::facts::At = "2026-11-20T03:10:00Z".parse().unwrap();
    let begins = at - chrono::TimeDelta::minutes(5);
    let mut world = sixty::drill::StoryWorld::new(sixty::drill::Story::connection_leak(), 1, begins, at);
    // A program that has just begun has no series of requests yet: one has to look again.
    let fresh = preset::choose(&scan(&world.metrics(at)));
    assert_eq!(keys(&fresh), ("-", "memory-go-otel", "pool-opentelemetry"));
    let choice = preset::choose(&scan(&world.metrics(at + chrono::TimeDelta::seconds(30))));
    assert!(choice.missing.is_empty(), "{:?}", choice.missing);
    let asked: Vec<Measure> = choice.queries.keys().copied().collect();
    assert_eq!(asked[..10], Measure::GOLDEN, "{:?}", choice.notes);
}

#[test]
fn what_is_wanted_is_enough_to_choose_by() {
    let wanted = preset::wanted();
    assert!(wanted.len() > 100, "{}", wanted.len());
    assert!(wanted["http_requests_total"].contains("code"));
    // A server that has everything, and each ecosystem alone: asked for what is wanted only, the same is chosen.
    let mut worlds: Vec<Inventory> = Vec::new();
    for preset in preset::all() {
        let mut world = Inventory::default();
        world.add("some_metric_of_nobody", ["code", "status"]);
        let queries = preset.queries.values().flatten().flat_map(|query| &query.needs);
        for need in preset.fingerprint.iter().flatten().chain(queries) {
            world.add(&need.metric, need.labels.iter().map(String::as_str).chain(["instance", "le"]));
        }
        worlds.push(world);
    }
    for world in &worlds {
        let mut asked = Inventory::default();
        for (metric, labels) in &wanted {
            if let Some(there) = world.names.get(*metric) {
                asked.add(metric, labels.iter().copied().filter(|label| there.contains(*label)));
            }
        }
        let (whole, narrow) = (preset::choose(world), preset::choose(&asked));
        assert_eq!((whole.presets, whole.queries, whole.notes), (narrow.presets, narrow.queries, narrow.notes));
    }
}
