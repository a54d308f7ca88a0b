//! Serves many small targets on loopback, each on an address of its own, and writes the configuration that scrapes
//! them: what `sixty` costs with 50, 500 and 5,000 targets is measured with it.
//!
//! ```text
//! cargo run --release --example targets -- 500 500 /tmp/many.toml 5s
//! ```
//! serves 500 targets of 500 series; then run `sixty --config /tmp/many.toml` beside it.

use std::error::Error;
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Instant;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

/// Targets that are one service; more services follow.
const PER_SERVICE: usize = 50;

/// The body of a target: constant text around counters of a fixed width.
struct Body {
    bytes: Vec<u8>,
    /// Where the twelve digits of the counters are.
    counters: Vec<usize>,
}

impl Body {
    /// A service with routes and codes (15 % of the series), and series that nobody selects.
    fn new(series: usize) -> Self {
        let mut text = String::new();
        let wanted = series * 15 / 100;
        text.push_str("# TYPE http_requests_total counter\n");
        for index in 0..wanted {
            let code = if index % 10 == 9 { 500 } else { 200 };
            let _ = writeln!(
                text,
                "http_requests_total{{route=\"/r{index}\",method=\"GET\",code=\"{code}\"}} 000000000000"
            );
        }
        text.push_str("# TYPE other_total counter\n");
        for index in wanted..series {
            let _ = writeln!(text, "other_total{{part=\"p{index}\",zone=\"eu-central-1a\"}} 000000000000");
        }
        let counters = text.match_indices("} 000000000000").map(|(at, _)| at + 2).collect();
        Self { bytes: text.into_bytes(), counters }
    }

    fn at(&mut self, second: u64) -> &[u8] {
        for (index, place) in self.counters.iter().enumerate() {
            // Three of four real series never change.
            let value = if index % 4 == 0 { second * (1 + index as u64 % 7) } else { 7 };
            let mut rest = value;
            for digit in (0..12).rev() {
                self.bytes[place + digit] = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
        &self.bytes
    }
}

async fn serve(mut stream: TcpStream, series: usize, begun: Arc<Instant>) -> std::io::Result<()> {
    let mut body = Body::new(series);
    let mut request = Vec::new();
    loop {
        request.clear();
        while !request.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
        }
        let body = body.at(begun.elapsed().as_secs() + 1_000);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body).await?;
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |missing: &'static str| arguments.next().ok_or(missing);
    let targets: usize = next("how many targets?")?.parse()?;
    let series: usize = next("how many series has each?")?.parse()?;
    let path = next("which file shall the configuration be written to?")?;
    let every = next("how often are they scraped, as in 5s?")?;
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let most = rustix::process::Rlimit { current: files.maximum, maximum: files.maximum };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, most)?;
    let begun = Arc::new(Instant::now());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut config = format!("max_series = {}\n[intervals]\nmetrics = \"{every}\"\n", targets * series);
        let mut addresses = Vec::new();
        for index in 0..targets {
            let host = Ipv4Addr::new(127, 1, (index / 250) as u8, (index % 250 + 1) as u8);
            let listener = TcpListener::bind((host, 9100)).await?;
            addresses.push(format!("\"http://{host}:9100/metrics\""));
            let begun = Arc::clone(&begun);
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, series, Arc::clone(&begun)));
                }
            });
        }
        for (index, group) in addresses.chunks(PER_SERVICE).enumerate() {
            let _ = writeln!(config, "[[service]]\nname = \"service-{index:03}\"\ntargets = [{}]", group.join(", "));
        }
        std::fs::write(&path, config)?;
        println!("{targets} targets of {series} series; scrape them with: sixty --config {path}");
        std::future::pending::<()>().await;
        Ok(())
    })
}
