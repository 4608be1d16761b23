//! `hongyan restored`: what has to be done once after a backup was put back.

use hongyan_store::Options;

use super::{Failure, config::Place, print, user::with_store_opened};
use crate::data_dir::DataDir;

/// Ends every session and begins a new epoch, so that clients drop what they have and fetch it again.
pub(super) fn run(place: &Place) -> Result<(), Failure> {
    let config = place.load()?;
    // A running server knows the old epoch: it is kept away from PostgreSQL by the store, from a file by its directory.
    let options = Options {
        serve: true,
        ..config.store()
    };
    with_store_opened(&config, &options, async |store| {
        let _alone = match config.database_url {
            None => Some(DataDir::claim(&config.data_dir).map_err(Failure::broken)?),
            Some(_) => None,
        };
        let ended = store.write(|tx| tx.begin_epoch()).await;
        let ended = ended.map_err(|error: hongyan_store::Error| Failure::broken(error))?;
        print(&format!(
            "A new epoch has begun. Sessions ended: {ended}; everybody logs in anew.\n"
        ))
    })
}
