//! The service of `sixty demo`, on a thread of its own.

use std::sync::Arc;
use std::sync::mpsc;

use chrono::TimeDelta;
use chrono::Utc;
use sixty::drill::Server;
use sixty::drill::Story;
use sixty::drill::StoryWorld as World;
use tokio::sync::oneshot;

/// A running demo service; dropped, it ends.
pub struct Demo {
    pub address: String,
    _end: oneshot::Sender<()>,
}

impl Demo {
    /// Starts one whose deploy was a minute ago. Another seed is another process, which has counted otherwise.
    pub fn start(seed: u64) -> Self {
        let (told, address) = mpsc::channel();
        let (end, ended) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let deploy_at = Utc::now() - TimeDelta::seconds(60);
                let begins = deploy_at - TimeDelta::seconds(600 / seed as i64);
                let world = World::new(Story::connection_leak(), seed, begins, deploy_at);
                let server = Server::start(world, Arc::new(Utc::now), 0).await.unwrap();
                told.send(server.address().to_string()).unwrap();
                let _ = ended.await;
            });
        });
        Self { address: address.recv().unwrap(), _end: end }
    }
}
