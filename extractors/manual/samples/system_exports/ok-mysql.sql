-- MySQL dump 10.13  Distrib 8.0.39, for Linux (x86_64)
--
-- Host: localhost    Database: label
-- ------------------------------------------------------
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
DROP TABLE IF EXISTS `tracks`;
CREATE TABLE `tracks` (
  `id` int NOT NULL,
  `title` varchar(80) DEFAULT NULL
);
LOCK TABLES `tracks` WRITE;
INSERT INTO `tracks` VALUES (1,'Night Ferry'),(2,'It\'s (nearly), (over)'),(3,'Back\\'),(4,NULL);
UNLOCK TABLES;
DELIMITER ;;
CREATE TRIGGER `t` BEFORE INSERT ON `tracks` FOR EACH ROW
INSERT INTO `seen` VALUES (1),(2) ;;
DELIMITER ;
/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;

-- Dump completed on 2026-03-02  4:00:01
