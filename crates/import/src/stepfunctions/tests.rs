//! Tests of the importer on definitions of our own.
