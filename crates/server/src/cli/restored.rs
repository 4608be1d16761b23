//! `hongyan restored`: what has to be done once after a backup was put back.

use super::{Failure, config::Place, print, user::with_store};
use crate::data_dir::DataDir;

/// Ends every session and begins a new epoch, so that clients drop what they have and fetch it again.
pub(super) fn run(place: &Place) -> Result<(), Failure> {
    let config = place.load()?;
    with_store(&config, async |store| {
        // A running server knows the old epoch.
        let _alone = DataDir::claim(&config.data_dir).map_err(Failure::broken)?;
        let ended = store.write(|tx| tx.begin_epoch()).await;
        let ended = ended.map_err(|error: hongyan_store::Error| Failure::broken(error))?;
        print(&format!(
            "A new epoch has begun. Sessions ended: {ended}; everybody logs in anew.\n"
        ))
    })
}
