window.YTD.tweets.part0 = [
  {
    "tweet": {
      "edit_info": {
        "initial": {
          "editTweetIds": [
            "1700000000000000101"
          ],
          "editableUntil": "2024-03-05T15:02:11.000Z",
          "editsRemaining": "5",
          "isEditEligible": true
        }
      },
      "retweeted": false,
      "source": "<a href=\"https://mobile.twitter.com\" rel=\"nofollow\">Twitter Web App</a>",
      "entities": {
        "hashtags": [
          {
            "text": "Spring",
            "indices": [
              "56",
              "63"
            ]
          }
        ],
        "symbols": [],
        "user_mentions": [],
        "urls": [],
        "media": [
          {
            "expanded_url": "https://twitter.com/RiverbendParks/status/1700000000000000101/photo/1",
            "indices": [
              "40",
              "63"
            ],
            "url": "https://t.co/aaa",
            "media_url": "http://pbs.twimg.com/media/GparkA1.png",
            "id_str": "1700000000000000100",
            "id": "1700000000000000100",
            "media_url_https": "https://pbs.twimg.com/media/GparkA1.png",
            "sizes": {
              "small": {
                "w": "4",
                "h": "3",
                "resize": "fit"
              }
            },
            "type": "photo",
            "display_url": "pic.twitter.com/aaa"
          }
        ]
      },
      "display_text_range": [
        "0",
        "83"
      ],
      "favorite_count": "2",
      "id_str": "1700000000000000101",
      "truncated": false,
      "retweet_count": "0",
      "id": "1700000000000000101",
      "created_at": "Tue Mar 05 14:02:11 +0000 2024",
      "favorited": false,
      "full_text": "Cherry trees bloom at Alder Park &amp; along the Riverwalk #Spring https://t.co/aaa",
      "lang": "en",
      "extended_entities": {
        "media": [
          {
            "expanded_url": "https://twitter.com/RiverbendParks/status/1700000000000000101/photo/1",
            "indices": [
              "40",
              "63"
            ],
            "url": "https://t.co/aaa",
            "media_url": "http://pbs.twimg.com/media/GparkA1.png",
            "id_str": "1700000000000000100",
            "id": "1700000000000000100",
            "media_url_https": "https://pbs.twimg.com/media/GparkA1.png",
            "sizes": {
              "small": {
                "w": "4",
                "h": "3",
                "resize": "fit"
              }
            },
            "type": "photo",
            "display_url": "pic.twitter.com/aaa"
          }
        ]
      }
    }
  },
  {
    "tweet": {
      "edit_info": {
        "initial": {
          "editTweetIds": [
            "1700000000000000102"
          ],
          "editableUntil": "2024-03-05T15:02:11.000Z",
          "editsRemaining": "5",
          "isEditEligible": true
        }
      },
      "retweeted": false,
      "source": "<a href=\"https://mobile.twitter.com\" rel=\"nofollow\">Twitter Web App</a>",
      "entities": {
        "hashtags": [],
        "symbols": [],
        "user_mentions": [
          {
            "name": "A Neighbor",
            "screen_name": "neighbor",
            "indices": [
              "0",
              "9"
            ],
            "id_str": "222000111",
            "id": "222000111"
          },
          {
            "name": "gone",
            "screen_name": "gone",
            "indices": [
              "0",
              "9"
            ],
            "id_str": "-1",
            "id": "-1"
          }
        ],
        "urls": []
      },
      "display_text_range": [
        "0",
        "43"
      ],
      "favorite_count": "2",
      "id_str": "1700000000000000102",
      "truncated": false,
      "retweet_count": "0",
      "id": "1700000000000000102",
      "created_at": "Tue Mar 05 14:10:00 +0000 2024",
      "favorited": false,
      "full_text": "@neighbor Yes, dogs are welcome on a leash.",
      "lang": "en",
      "in_reply_to_status_id_str": "1700000000000000055",
      "in_reply_to_status_id": "1700000000000000055",
      "in_reply_to_user_id": "222000111",
      "in_reply_to_user_id_str": "222000111",
      "in_reply_to_screen_name": "neighbor"
    }
  },
  {
    "tweet": {
      "edit_info": {
        "initial": {
          "editTweetIds": [
            "1700000000000000103"
          ],
          "editableUntil": "2024-03-05T15:02:11.000Z",
          "editsRemaining": "5",
          "isEditEligible": true
        }
      },
      "retweeted": false,
      "source": "<a href=\"https://mobile.twitter.com\" rel=\"nofollow\">Twitter Web App</a>",
      "entities": {
        "hashtags": [],
        "symbols": [],
        "user_mentions": [],
        "urls": []
      },
      "display_text_range": [
        "0",
        "34"
      ],
      "favorite_count": "2",
      "id_str": "1700000000000000103",
      "truncated": false,
      "retweet_count": "0",
      "id": "1700000000000000103",
      "created_at": "Tue Mar 05 14:12:00 +0000 2024",
      "favorited": false,
      "full_text": "And the south gate opens at seven.",
      "lang": "en",
      "in_reply_to_status_id_str": "1700000000000000101",
      "in_reply_to_status_id": "1700000000000000101",
      "in_reply_to_user_id": "910000000000000001",
      "in_reply_to_user_id_str": "910000000000000001",
      "in_reply_to_screen_name": "RiverbendParks"
    }
  },
  {
    "tweet": {
      "edit_info": {
        "initial": {
          "editTweetIds": [
            "1700000000000000104"
          ],
          "editableUntil": "2024-03-05T15:02:11.000Z",
          "editsRemaining": "5",
          "isEditEligible": true
        }
      },
      "retweeted": false,
      "source": "<a href=\"https://mobile.twitter.com\" rel=\"nofollow\">Twitter Web App</a>",
      "entities": {
        "hashtags": [],
        "symbols": [],
        "user_mentions": [
          {
            "name": "Riverbend Water",
            "screen_name": "RiverbendWater",
            "indices": [
              "3",
              "18"
            ],
            "id_str": "910000000000000002",
            "id": "910000000000000002"
          }
        ],
        "urls": []
      },
      "display_text_range": [
        "0",
        "136"
      ],
      "favorite_count": "2",
      "id_str": "1700000000000000104",
      "truncated": false,
      "retweet_count": "0",
      "id": "1700000000000000104",
      "created_at": "Tue Mar 05 15:00:00 +0000 2024",
      "favorited": false,
      "full_text": "RT @RiverbendWater: Main Street is closed between 3rd and 5th while crews repair a water main. Please use Oak Street until further noti…",
      "lang": "en"
    }
  },
  {
    "tweet": {
      "edit_info": {
        "initial": {
          "editTweetIds": [
            "1700000000000000110"
          ],
          "editableUntil": "2024-03-05T15:02:11.000Z",
          "editsRemaining": "5",
          "isEditEligible": true
        }
      },
      "retweeted": false,
      "source": "<a href=\"https://mobile.twitter.com\" rel=\"nofollow\">Twitter Web App</a>",
      "entities": {
        "hashtags": [],
        "symbols": [],
        "user_mentions": [],
        "urls": [],
        "media": [
          {
            "expanded_url": "https://twitter.com/RiverbendParks/status/1700000000000000110/video/1",
            "url": "https://t.co/bbb",
            "media_url": "http://pbs.twimg.com/ext_tw_video_thumb/1700000000000000109/pu/img/still.jpg",
            "media_url_https": "https://pbs.twimg.com/ext_tw_video_thumb/1700000000000000109/pu/img/still.jpg",
            "id_str": "1700000000000000109",
            "id": "1700000000000000109",
            "type": "photo"
          }
        ]
      },
      "display_text_range": [
        "0",
        "36"
      ],
      "favorite_count": "2",
      "id_str": "1700000000000000110",
      "truncated": false,
      "retweet_count": "0",
      "id": "1700000000000000110",
      "created_at": "Tue Mar 05 16:00:00 +0000 2024",
      "favorited": false,
      "full_text": "Ducklings crossing! https://t.co/bbb",
      "lang": "en",
      "extended_entities": {
        "media": [
          {
            "expanded_url": "https://twitter.com/RiverbendParks/status/1700000000000000110/video/1",
            "url": "https://t.co/bbb",
            "media_url": "http://pbs.twimg.com/ext_tw_video_thumb/1700000000000000109/pu/img/still.jpg",
            "media_url_https": "https://pbs.twimg.com/ext_tw_video_thumb/1700000000000000109/pu/img/still.jpg",
            "id_str": "1700000000000000109",
            "id": "1700000000000000109",
            "type": "video",
            "video_info": {
              "aspect_ratio": [
                "16",
                "9"
              ],
              "duration_millis": "1000",
              "variants": [
                {
                  "content_type": "application/x-mpegURL",
                  "url": "https://video.twimg.com/ext_tw_video/1700000000000000109/pu/pl/list.m3u8?tag=12"
                },
                {
                  "bitrate": "256000",
                  "content_type": "video/mp4",
                  "url": "https://video.twimg.com/ext_tw_video/1700000000000000109/pu/vid/320x180/small.mp4?tag=12"
                },
                {
                  "bitrate": "832000",
                  "content_type": "video/mp4",
                  "url": "https://video.twimg.com/ext_tw_video/1700000000000000109/pu/vid/640x360/large.mp4?tag=12"
                }
              ]
            }
          }
        ]
      }
    }
  },
  {
    "tweet": {
      "edit_info": {
        "edit": {
          "initialTweetId": "1700000000000000120",
          "editControlInitial": {
            "editTweetIds": [
              "1700000000000000120",
              "1700000000000000125"
            ],
            "editableUntil": "2024-03-06T11:00:00.000Z",
            "editsRemaining": "4",
            "isEditEligible": true
          }
        }
      },
      "retweeted": false,
      "source": "<a href=\"https://mobile.twitter.com\" rel=\"nofollow\">Twitter Web App</a>",
      "entities": {
        "hashtags": [],
        "symbols": [],
        "user_mentions": [],
        "urls": [
          {
            "url": "https://t.co/ccc",
            "expanded_url": "https://riverbend.example/register",
            "display_url": "riverbend.example/register",
            "indices": [
              "36",
              "59"
            ]
          }
        ]
      },
      "display_text_range": [
        "0",
        "52"
      ],
      "favorite_count": "2",
      "id_str": "1700000000000000125",
      "truncated": false,
      "retweet_count": "0",
      "id": "1700000000000000125",
      "created_at": "Wed Mar 06 10:20:00 +0000 2024",
      "favorited": false,
      "full_text": "Registration opens April 2 at 9 am: https://t.co/ccc",
      "lang": "en"
    }
  },
  {
    "tweet": {
      "edit_info": {
        "initial": {
          "editTweetIds": [
            "1700000000000000120",
            "1700000000000000125"
          ],
          "editableUntil": "2024-03-06T11:00:00.000Z",
          "editsRemaining": "4",
          "isEditEligible": true
        }
      },
      "retweeted": false,
      "source": "<a href=\"https://mobile.twitter.com\" rel=\"nofollow\">Twitter Web App</a>",
      "entities": {
        "hashtags": [],
        "symbols": [],
        "user_mentions": [],
        "urls": []
      },
      "display_text_range": [
        "0",
        "52"
      ],
      "favorite_count": "2",
      "id_str": "1700000000000000120",
      "truncated": false,
      "retweet_count": "0",
      "id": "1700000000000000120",
      "created_at": "Wed Mar 06 10:00:00 +0000 2024",
      "favorited": false,
      "full_text": "Registration opens April 1 at 9 am: https://t.co/ccc",
      "lang": "en"
    }
  },
  {
    "tweet": {
      "edit_info": {
        "initial": {
          "editTweetIds": [
            "1700000000000000130"
          ],
          "editableUntil": "2024-03-05T15:02:11.000Z",
          "editsRemaining": "5",
          "isEditEligible": true
        }
      },
      "retweeted": false,
      "source": "<a href=\"https://mobile.twitter.com\" rel=\"nofollow\">Twitter Web App</a>",
      "entities": {
        "hashtags": [],
        "symbols": [],
        "user_mentions": [],
        "urls": []
      },
      "display_text_range": [
        "0",
        "248"
      ],
      "favorite_count": "2",
      "id_str": "1700000000000000130",
      "truncated": false,
      "retweet_count": "0",
      "id": "1700000000000000130",
      "created_at": "Thu May 02 12:00:00 +0000 2024",
      "favorited": false,
      "full_text": "The splash pad season, in full: opening day is Saturday, June 1, at nine in the morning; the pads at Alder Park, Mill Street &amp; the Riverwalk run every day until the first Sunday of September, from nine to eight. Swim diapers a… https://t.co/ddd",
      "lang": "en"
    }
  }
]
