//! An update for the others: its status, its words as they will be sent, and how it stands with each channel. That
//! something may have arrived is never shown as if it had, nor as if it had not.

use crate::incident::DeliveryState;
use crate::ui::Role;

/// How an update stands with a channel, as symbol, words and role.
pub(super) const fn delivery_mark(state: Option<DeliveryState>) -> (&'static str, &'static str, Role) {
    match state {
        None => ("□", "not sent", Role::Muted),
        Some(DeliveryState::Sending) => ("◆", "left, may have arrived", Role::Unknown),
        Some(DeliveryState::NotSent) => ("✗", "did not arrive", Role::Warning),
        Some(DeliveryState::Unknown) => ("?", "nobody knows whether it arrived", Role::Warning),
        Some(DeliveryState::Sent) => ("✓", "arrived", Role::Ok),
    }
}
