//! State to cells: layout, strips, panes, theme roles. Changes nothing.
