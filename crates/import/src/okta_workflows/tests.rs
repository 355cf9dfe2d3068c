//! Tests of the importer on flows of our own.
