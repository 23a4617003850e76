--
-- PostgreSQL database dump
--

-- Dumped from database version 16.4
-- Dumped by pg_dump version 16.4

SET client_encoding = 'UTF8';

CREATE FUNCTION public.touch() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
INSERT INTO public.log VALUES (1), (2);
RETURN NEW;
END;
$$;

CREATE TABLE public.artists (
    id integer NOT NULL,
    name text
);

CREATE TABLE public.log (
    id integer
);

COPY public.artists (id, name) FROM stdin;
1	Mara Vale
2	Night \"Ferry\"
